"""Settings that decide whom a program trusts or where it connects, read from a file that others can write.

Not a detector itself: GRP107 has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors.container_paths import from_container, open_folder
from ipclint.checks.rule import Rule
from ipclint.model.facts import Variable
from ipclint.model.finding import Finding, Step
from ipclint.model.ir import Call, Expr, Literal, Node, Subscript, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import code_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import words_of
from ipclint.program.types import base_type, element_type
from ipclint.program.usage import uses_of

_NAMES = """
    requirement, code requirement, team id, team identifier, certificate, certificates, pinned, trusted, public key,
    allow list, allowlist, whitelist, allowed clients, server, server url, base url, endpoint, api url, api host,
    licensed, entitled, premium, is pro, is admin, subscribed
"""
DECIDES = tuple(tuple(phrase.split()) for phrase in _NAMES.split(","))
"""What settings are called that decide about trust, the server, or what a user may do."""
NOT_SO = frozenset({"count", "name", "title", "date", "index", "color", "colour", "icon", "last", "description"})
GETTERS = ("objectForKey:", "valueForKey:", "objectForKeyedSubscript:", "value", "object", "string")


def deciding_settings(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """The settings that a function takes out of such a file."""
    reads = [use for use in uses_of(program, ref, "file.read") if use.args]
    wanted = [(node, name, source) for node, name, source in _decisions(program, ref) if name] if reads else []
    for use in reads if wanted else ():
        folder = open_folder(program, ref, use.args[0])
        if not folder and not from_container(program, ref, use.args[0]):
            continue
        for node, name, source in wanted:
            if any(made is use.node or made == use.node for made in around.origins(program, ref, source)):
                where = folder or "the container of an app group"
                steps = (Step(around.place_of(ref, use.node), f"read from {where}"),)
                holes = {"setting": name, "place": where}
                yield rule.finding(around.place_of(ref, node), "likely", variant="b", holes=holes, steps=steps)


def _decisions(program: Program, ref: UnitRef) -> Iterator[tuple[Node, str, Expr]]:
    """Where a setting that decides is taken out of something: the node, its name, and what it is taken from."""
    for node in walk(code_of(program, ref)):
        match node:
            case Subscript(base=base, args=(key, *_)):
                yield node, _deciding(program, ref, key), base
            case Call(name=name, target=target, args=(key, *_)) if name in GETTERS and target is not None:
                yield node, _deciding(program, ref, key), target
            case Call(name="decode", args=(Literal(kind="class", text=text), data)):
                yield node, _deciding_member(program, text), data
            case Call(name="decode", args=(kind, data)):
                yield node, _deciding_member(program, type_of(program, ref, kind).removesuffix(".Type")), data
            case _:
                continue


def _deciding(program: Program, ref: UnitRef, key: Expr) -> str:
    texts = (*fold(program, ref, key), around.spelled(key).rpartition(".")[2])
    return next((text for text in texts if HOLE not in text and decides(text)), "")


def _deciding_member(program: Program, text: str) -> str:
    """A property of a decoded type that decides, "" for none."""
    for name in dict.fromkeys((base_type(text), base_type(element_type(text)))):
        for member in program.members_of(name) if name else ():
            unit = program.unit(member)
            if isinstance(unit, Variable) and not unit.computed and not unit.is_static and decides(unit.name):
                return f"{name}.{unit.name}"
    return ""


def decides(name: str) -> bool:
    """Whether a setting of this name decides about trust, the server, or what a user may do."""
    words = words_of(name)
    if not NOT_SO.isdisjoint(words):
        return False
    return any(words[at : at + len(each)] == each for each in DECIDES for at in range(len(words) - len(each) + 1))
