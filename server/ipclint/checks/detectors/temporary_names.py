"""FILE102: fixed or guessable names in folders where every user may create files.

The literal is looked at, not the call: the same text may be a `#define`, a constant, an enum case or a local, and reach
the file system in another file. `Use` is what it reaches; a literal that reaches nothing known is only declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Import, Macro, Type, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, Case, Expr, Interpolation, Let, Member, Name, Node, Operator, Return, Text, walk
from ipclint.program import usage
from ipclint.program.configuration import is_privileged, targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import owner_of, resolve
from ipclint.program.program import Program, UnitRef

SHARED = re.compile(r"^(?:file://)?(?:/private)?/(?:tmp|var/tmp|Users/Shared)/+[^/\s]")
IN_COMMAND = re.compile(r"(?:^|[\s'\"=<>])((?:/private)?/(?:tmp|var/tmp|Users/Shared)/[^\s'\";|&)]+)")
TEMPLATE = re.compile(r"X{3,}")
MAX_USERS = 60  # units that are searched for uses of a constant

_RANDOM = re.compile(r"uuid|unique|random|nonce|guid", re.IGNORECASE)
_TAKES_A_PATH = re.compile(r"path|file|url|socket|folder|director|database|log(?:To|File)", re.IGNORECASE)
_COMPARES = frozenset(
    {"hasPrefix", "hasPrefix:", "hasSuffix", "hasSuffix:", "contains", "containsString:", "isEqualToString:",
     "isEqual:", "range", "rangeOfString:", "starts", "strcmp", "strncmp", "strstr", "strcasecmp",
     "replacingOccurrences", "stringByReplacingOccurrencesOfString:withString:", "caseInsensitiveCompare:", "compare:"}
)  # fmt: skip
_TELLS = re.compile(
    r"^(?:NSLog|print|debugPrint|printf|fprintf|os_log\w*|syslog|log\w*|fatalError|precondition\w*|assert\w*|NSAssert|"
    r"info|debug|error|warning|notice|fault|trace|critical|help|abstract)(?:$|[:_A-Z])"
)
_BUILDERS = re.compile(
    r"\w*[wW]ithFormat:|appending|stringByAppending|\w*snprintf|sprintf|asprintf|format$|(?:text::)?format$|str[ln]?c(?:py|at)$"
)
_SAFE_FLAGS = frozenset({"O_EXCL", "withoutOverwriting", "NSDataWritingWithoutOverwriting"})
_VERIFIED = frozenset({"lstat", "fstat", "st_uid", "ownerAccountID", "NSFileOwnerAccountID"})
_WRITES = ("path.write", "path.open", "path.permissions", "command", "environment", "socket")
_READS = ("path.read", "path.list")


class Use(NamedTuple):
    """Where a name reaches the file system. `kind` is the sink's kind ("path.write", "socket", "environment")."""

    ref: UnitRef
    node: Node
    kind: str


@detector("predictable-temp-name", on="function")
def in_function(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """Literals in a body: what they reach in it, what callees do with them, what callers do with the result."""
    if _elsewhere(program, ref.path) or set(unit.mentions) >= _VERIFIED or {"lstat", "st_uid"} <= set(unit.mentions):
        return
    for literal, path in _literals(program, ref):
        if _is_harmless(path) or _is_unguessable(program, ref, literal, path):
            continue
        uses = tuple(_uses_in(program, ref, literal, path))
        if not uses and (unit.kind == "getter" or any(isinstance(node, Return) for node in path)):
            name = unit.owner.rpartition(".")[2] if unit.kind == "getter" and unit.name == "get" else unit.name
            uses = tuple(_uses_of_name(program, name, unit.owner, ref))
        yield from _findings(rule, program, ref, literal, uses, declared=_is_declaration(path))


@detector("predictable-temp-name", on="variable")
def in_variable(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """Constants and properties: what their name reaches anywhere."""
    if _elsewhere(program, ref.path):
        return
    for literal, path in _literals(program, ref):
        if not _is_harmless(path) and not _is_unguessable(program, ref, literal, path):
            uses = tuple(_uses_of_name(program, unit.name, unit.owner, ref))
            whole = not any(isinstance(node, Call) or type(node).__name__ == "Collection" for node in path[:-1])
            yield from _findings(rule, program, ref, literal, uses, declared=whole)


@detector("predictable-temp-name", on="macro")
def in_macro(rule: Rule, program: Program, ref: UnitRef, unit: Macro) -> Iterator[Finding]:
    """`#define` constants."""
    for literal, path in _literals(program, ref):
        if not _is_harmless(path) and not _is_unguessable(program, ref, literal, path):
            uses = tuple(_uses_of_name(program, unit.name, "", ref))
            yield from _findings(rule, program, ref, literal, uses, declared=True)


@detector("predictable-temp-name", on="type")
def in_enum(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    """Raw values of enum cases."""
    for case in unit.cases:
        if case.value is not None and SHARED.match(case.value) and not _elsewhere(program, ref.path):
            literal = Text(*case.span, case.value)
            uses = tuple(_uses_of_name(program, case.name, unit.qualified, ref))
            yield from _findings(rule, program, ref, literal, uses, declared=True)


# ── literals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _literals(program: Program, ref: UnitRef) -> Iterator[tuple[Text, tuple[Node, ...]]]:
    """Every text that names something in a shared folder, with the nodes around it (outermost first, itself last)."""
    for root in around.roots(program, ref):
        for node in walk(root):
            if isinstance(node, Text) and (SHARED.match(node.value) or IN_COMMAND.search(node.value)):
                yield node, around.path_to(program, ref, node)


def _is_harmless(path: tuple[Node, ...]) -> bool:
    """Whether the text is only compared with, or told to somebody."""
    for inner, node in zip(reversed(path), reversed(path[:-1]), strict=False):
        if isinstance(node, Call) and (node.name in _COMPARES or _TELLS.match(node.name)):
            return True
        if isinstance(node, Operator) and node.op in ("==", "!=", "~="):
            return True
        if isinstance(node, Case) and any(inner is pattern for pattern in node.patterns):
            return True
    return False


def _is_unguessable(program: Program, ref: UnitRef, literal: Text, path: tuple[Node, ...]) -> bool:
    """Whether what follows the folder holds a random part, or is a template that `mkstemp` and its kin fill."""
    return bool(TEMPLATE.search(literal.value)) or any(
        _RANDOM.search(_word(node)) for node in around.origins(program, ref, _whole(literal, path))
    )


def _whole(literal: Text, path: tuple[Node, ...]) -> Expr:
    """The text that a literal is the beginning of: an interpolation, a sum, a format with its arguments."""
    whole: Expr = literal
    for node in reversed(path[:-1]):
        if isinstance(node, Interpolation) or (isinstance(node, Operator) and node.op == "+") or _builds_text(node):
            whole = node
        elif whole is not literal:
            break
    return whole


def _builds_text(node: Node) -> TypeGuard[Call]:
    """Whether a call makes a longer text of a text."""
    return isinstance(node, Call) and bool(_BUILDERS.match(node.name) or "format" in node.labels)


def _is_declaration(path: tuple[Node, ...]) -> bool:
    """Whether the text is a local's own value, or handed to something that says it takes a path."""
    for node in reversed(path[:-1]):
        if isinstance(node, Let):
            return any(_TAKES_A_PATH.search(name) for name in node.names)
        if isinstance(node, Call) and not _builds_text(node):
            return any(_TAKES_A_PATH.search(word) for word in (node.name, *node.labels))
        if type(node).__name__ == "Collection":
            return False
    return False


# ── uses ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _uses_in(program: Program, ref: UnitRef, literal: Text, path: tuple[Node, ...]) -> Iterator[Use]:
    """What a literal reaches in its own function, and in the functions that it is passed to."""
    for use, argument, kind in _sinks(program, ref):
        named = SHARED.match(literal.value) or kind.startswith("command")
        if named and any(node == literal for node in around.origins(program, ref, argument)):
            yield Use(ref, use, kind)
    if buffer := _filled_buffer(path):
        yield from _uses_of_local(program, ref, buffer)
    call = next((node for node in reversed(path[:-1]) if isinstance(node, Call) and not _builds_text(node)), None)
    if call is None or not SHARED.match(literal.value):
        return
    for callee in resolve(program, ref, call).refs[:4]:
        function = program.function(callee)
        index = next((i for i, arg in enumerate(call.args) if literal in tuple(walk(arg))), -1)
        if function is not None and 0 <= index < len(function.params):
            yield from _uses_of_local(program, callee, function.params[index].name)


def _filled_buffer(path: tuple[Node, ...]) -> str:
    """The local that a text is printed or copied into (`snprintf(path, …)`), "" for none."""
    for node in reversed(path[:-1]):
        if isinstance(node, Call) and node.target is None and node.args and _builds_text(node):
            return around.spelled(node.args[0])
    return ""


def _uses_of_local(program: Program, ref: UnitRef, name: str) -> Iterator[Use]:
    for use, argument, kind in _sinks(program, ref):
        if any(isinstance(node, Name) and node.text == name for node in around.origins(program, ref, argument)):
            yield Use(ref, use, kind)


def _uses_of_name(program: Program, name: str, owner: str, home: UnitRef) -> Iterator[Use]:
    """What a constant reaches, in the units that name it."""
    for user in program.mentioning(name)[:MAX_USERS]:
        if user == home or not _may_mean(program, user, owner):
            continue
        for use, argument, kind in _sinks(program, user):
            if any(_is_named(node, name, owner) for node in around.origins(program, user, argument)):
                yield Use(user, use, kind)


def _may_mean(program: Program, user: UnitRef, owner: str) -> bool:
    unit = program.unit(user)
    plain = owner.rpartition(".")[2]
    return (
        not owner
        or owner_of(program, user) == owner
        or (isinstance(unit, Function | Variable) and plain in unit.mentions)
    )


def _is_named(node: Node, name: str, owner: str) -> bool:
    if isinstance(node, Name):
        return node.text == name
    if isinstance(node, Member):
        return node.name == name and (
            node.base is None or not owner or around.spelled(node.base).endswith(("self", owner.rpartition(".")[2]))
        )
    return isinstance(node, Call) and node.name == name and not node.args


def _sinks(program: Program, ref: UnitRef) -> Iterator[tuple[Node, Node, str]]:
    """The uses in a unit through which a name reaches the file system: the use, the argument, the sink's kind.

    The kind is "safe" where the use refuses a file that is there already.
    """
    for use in usage.uses_in(program, ref):
        safe = _SAFE_FLAGS & {_word(node) for argument in use.args for node in walk(argument)}
        for flow in use.api.sink:
            if flow.kind.startswith((*_WRITES, *_READS)):
                for position in flow.at:
                    kind = "safe" if safe else flow.kind
                    yield from ((use.node, argument, kind) for argument in _at(use, position))
        if use.api.name in ("temporary.environment", "process.environment"):
            yield from ((use.node, argument, "environment") for argument in use.args)
        if use.api.name == "temporary.exists" and use.args and is_privileged(program, ref.path):
            yield use.node, use.args[0], "path.read"
    for root in around.roots(program, ref):
        for node in walk(root):
            if isinstance(node, Call) and node.args and "sun_path" in {_word(n) for n in walk(node.args[0])}:
                yield from ((node, argument, "socket") for argument in node.args[1:])
            elif isinstance(node, Call) and node.name == "unix" and node.labels == ("path",):
                yield node, node.args[0], "socket"


def _at(use: usage.Use, position: str) -> tuple[Node, ...]:
    if position == "arg*":
        return use.args
    index = (
        0 if position == "value" else int(position[3:]) if position.startswith("arg") and position[3:].isdigit() else -1
    )
    return use.args[index : index + 1] if index >= 0 else ()


def _word(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member | Call) else ""


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _findings(
    rule: Rule, program: Program, ref: UnitRef, literal: Text, uses: tuple[Use, ...], declared: bool
) -> Iterator[Finding]:
    """One finding a literal: for a write before a read, for a read before a mere declaration."""
    found = None if SHARED.match(literal.value) else IN_COMMAND.search(literal.value)
    if found and not uses:
        return
    if not uses and (not declared or " " in literal.value):
        return
    if any(use.kind == "safe" for use in uses):
        return
    uses = tuple(sorted(uses, key=lambda use: use.kind.startswith(_READS)))
    privileged = is_privileged(program, ref.path) or any(is_privileged(program, use.ref.path) for use in uses)
    reads = bool(uses) and uses[0].kind.startswith(_READS)
    context = "privileged" if privileged and uses else "declared" if not uses else "read" if reads else ""
    path = around.path_to(program, ref, literal)
    holes: dict[str, str | Place] = {"path": found[1] if found else _shown(program, ref, literal, path)}
    if uses and all(use.ref == ref and use.kind == "path.write" for use in uses):
        holes |= _replaceable(ref, literal, path)
    shown = next((node for node in reversed(path) if isinstance(node, Interpolation)), literal)
    yield rule.finding(
        Place(ref.path, ref.key, shown.start, shown.end),
        "certain" if uses else "likely",
        context=context,
        holes=holes,
        steps=tuple(Step(around.place_of(use.ref, use.node), _STORY[use.kind.partition(".")[0]]) for use in uses[:3]),
    )


def _shown(program: Program, ref: UnitRef, literal: Text, path: tuple[Node, ...]) -> str:
    """The name with an ellipsis for each part that is not known."""
    texts = fold(program, ref, _whole(literal, path))
    text = next((text for text in texts if text.startswith(literal.value)), literal.value)
    return text.replace(HOLE, "…")


def _replaceable(ref: UnitRef, literal: Text, path: tuple[Node, ...]) -> dict[str, str | Place]:
    """For the fix: the literal when it is a whole path (`whole`), and the URL that is made of it alone (`url`)."""
    outer = path[-2] if len(path) > 1 else None
    if isinstance(outer, Interpolation | Operator) or (outer is not None and _builds_text(outer)):
        return {}
    holes: dict[str, str | Place] = {"whole": Place(ref.path, ref.key, literal.start, literal.end)}
    if isinstance(outer, Call) and outer.name == "URL" and outer.labels in (("fileURLWithPath",), ("filePath",)):
        holes["url"] = Place(ref.path, ref.key, outer.start, outer.end)
    return holes


_STORY = {
    "path": "the file system is asked for it here",
    "command": "it is handed to another program here",
    "environment": "another program is told of it here",
    "socket": "a socket takes this name here",
}


def _elsewhere(program: Program, path: str) -> bool:
    """Whether the code runs only where each app has its own `/tmp`: on iOS and its kin."""
    targets = [target for target in targets_of(program, path) if target.platforms]
    if targets:
        return not any({"macos", "maccatalyst"} & set(target.platforms) for target in targets)
    imports = {
        unit.name.partition("/")[0]
        for key in program.keys(path)
        if isinstance(unit := program.unit(UnitRef(path, key)), Import)
    }
    return "UIKit" in imports and not imports & {"AppKit", "Cocoa"}
