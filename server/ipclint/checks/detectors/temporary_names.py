"""FILE102: fixed or guessable names in folders where every user may create files.

The literal is looked at, not the call: the same text may be a `#define`, a constant, an enum case or a local, and reach
the file system in another file. A literal that reaches nothing known is only declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.temporary_uses import DELETES, PRESENCE, READS, Use, reached, reached_by_name, word_of
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Import, Macro, Type, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import (
    Call,
    Case,
    Cast,
    Collection,
    Evaluate,
    Expr,
    Interpolation,
    Let,
    Node,
    Opaque,
    Operator,
    Text,
    walk,
)
from ipclint.program.configuration import is_privileged, targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.program import Program, UnitRef

SHARED = re.compile(r"^(?:file://)?(?:/private)?/(?:tmp|var/tmp|Users/Shared)/+[^/\s]")
FOLDER = re.compile(r"/(?:tmp|Users/Shared)(?:/|$)")
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
    r"\w*[wW]ithFormat:|appending|\w*[bB]yAppending|v?a?s[nl]?printf$|(?:\w+::)*format$|str[ln]?c(?:py|at)$|CFSTR$"
)
_VERIFIED = ({"lstat", "st_uid"}, {"fstat", "st_uid"}, {"ownerAccountID"}, {"NSFileOwnerAccountID"})
_STORY = {
    "path": "the file system is asked for it here",
    "command": "it is handed to another program here",
    "environment": "another program is told of it here",
    "socket": "a socket takes this name here",
}


@detector("predictable-temp-name", on="function")
def in_function(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """Literals in a body."""
    if _elsewhere(program, ref.path) or any(words <= set(unit.mentions) for words in _VERIFIED):
        return
    for literal, path in _literals(program, ref):
        uses = reached(program, ref, lambda node, literal=literal: node == literal)
        yield from _findings(rule, program, ref, literal, path, uses, _is_declaration(path))


@detector("predictable-temp-name", on="variable")
def in_variable(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """Constants and properties."""
    if not _elsewhere(program, ref.path):
        for literal, path in _literals(program, ref):
            uses = reached_by_name(program, unit.name, unit.owner, ref)
            yield from _findings(rule, program, ref, literal, path, uses, _is_all_there_is(path))


@detector("predictable-temp-name", on="macro")
def in_macro(rule: Rule, program: Program, ref: UnitRef, unit: Macro) -> Iterator[Finding]:
    """`#define` constants."""
    for literal, path in _literals(program, ref):
        uses = reached_by_name(program, unit.name, "", ref)
        yield from _findings(rule, program, ref, literal, path, uses, _is_all_there_is(path))


@detector("predictable-temp-name", on="type")
def in_enum(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    """Raw values of enum cases."""
    for case in unit.cases:
        if case.value is not None and SHARED.match(case.value) and not _elsewhere(program, ref.path):
            literal = Text(*case.span, case.value)
            uses = reached_by_name(program, case.name, unit.qualified, ref)
            yield from _findings(rule, program, ref, literal, (literal,), uses, True)


# ── literals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _literals(program: Program, ref: UnitRef) -> Iterator[tuple[Text, tuple[Node, ...]]]:
    """Every text that names something guessable in a shared folder, with the nodes around it (outermost first)."""
    for root in around.roots(program, ref):
        for node in walk(root):
            if isinstance(node, Text) and (SHARED.match(node.value) or FOLDER.search(node.value)):
                path = around.path_to(program, ref, node)
                named = SHARED.match(node.value) or IN_COMMAND.search(node.value) or _is_extended(node, path)
                if named and not _is_harmless(path) and not _is_unguessable(program, ref, node, path):
                    yield node, path


def _is_extended(literal: Text, path: tuple[Node, ...]) -> bool:
    """Whether a bare folder gets a name by `appendingPathComponent` and its kin."""
    return SHARED.match(literal.value + "/x") is not None and any(
        isinstance(node, Call) and "PathComponent" in node.name for node in path
    )


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
        _RANDOM.search(word_of(node)) for node in around.origins(program, ref, _whole(literal, path))
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
    """Whether the text is the value of a local that is called a path, or handed to something that takes a path."""
    for node in reversed(path[:-1]):
        if isinstance(node, Let):
            return any(_TAKES_A_PATH.search(name) for name in node.names)
        if isinstance(node, Call) and not _builds_text(node):
            return any(_TAKES_A_PATH.search(word) for word in (node.name, *node.labels))
        if isinstance(node, Collection | Opaque):
            return False
    return False


def _is_all_there_is(path: tuple[Node, ...]) -> bool:
    """Whether a constant is the path itself: not a list of some, not code that has it among other things."""
    for node in path[:-1]:
        if isinstance(node, Call):
            if not _builds_text(node) and not any(map(_TAKES_A_PATH.search, node.labels)):
                return False
        elif not isinstance(node, Evaluate | Cast | Interpolation) and not (
            isinstance(node, Operator) and node.op == "+"
        ):
            return False
    return True


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _findings(
    rule: Rule,
    program: Program,
    ref: UnitRef,
    literal: Text,
    path: tuple[Node, ...],
    uses: Iterable[Use],
    declared: bool,
) -> Iterator[Finding]:
    """One finding a literal: for a write before a read, for a read before a mere declaration."""
    in_command = not SHARED.match(literal.value) and IN_COMMAND.search(literal.value)
    every = [use for use in dict.fromkeys(uses) if not in_command or use.kind.startswith("command")]
    found = [use for use in every if not use.kind.startswith(DELETES)]
    if any(use.kind == "safe" for use in found) or not (found or (declared and not in_command and not every)):
        return  # it is taken with care, only cleaned away, or none of our business
    if not found and " " in literal.value:
        return  # rather a sentence than a path
    if found and all(_is_mere_question(program, use) for use in found) and _is_one_of_many(path):
        return  # traces of others are looked for
    found.sort(key=lambda use: use.kind.startswith(READS))
    holes: dict[str, str | Place] = {"path": in_command[1] if in_command else _shown(program, ref, literal, path)}
    if found and all(use.ref == ref and use.kind == "path.write" for use in found):
        holes |= _replaceable(ref, literal, path)
    shown = next((node for node in reversed(path) if isinstance(node, Interpolation)), literal)
    yield rule.finding(
        Place(ref.path, ref.key, shown.start, shown.end),
        "certain" if found else "likely",
        context=_context(program, ref, found),
        holes=holes,
        steps=tuple(Step(around.place_of(use.ref, use.node), _STORY[use.kind.partition(".")[0]]) for use in found[:3]),
    )


def _is_mere_question(program: Program, use: Use) -> bool:
    """Whether a function asks if a file is there and gives back no more than the answer."""
    function = program.function(use.ref)
    return use.kind == PRESENCE and function is not None and function.returns.lower() in ("bool", "boolean", "")


def _is_one_of_many(path: tuple[Node, ...]) -> bool:
    """Whether a name stands in a list of paths most of which lie in folders that not everybody may write."""
    whole = next((node for node in reversed(path) if isinstance(node, Collection)), None)
    texts = [item.value for item in whole.items if isinstance(item, Text)] if whole is not None else []
    return sum(text.startswith("/") and not SHARED.match(text) for text in texts) > len(texts) / 2


def _context(program: Program, ref: UnitRef, uses: list[Use]) -> str:
    if not uses:
        return "declared"
    if any(is_privileged(program, path) for path in {ref.path, *(use.ref.path for use in uses)}):
        return "privileged"
    return "read" if uses[0].kind.startswith(READS) else ""


def _shown(program: Program, ref: UnitRef, literal: Text, path: tuple[Node, ...]) -> str:
    """The name with an ellipsis for each part that is not known."""
    whole = _whole(literal, path)
    if isinstance(whole, Call) and "PathComponent" in whole.name and whole.args:
        return f"{literal.value.rstrip('/')}/{fold(program, ref, whole.args[0])[0]}".replace(HOLE, "…")
    texts = fold(program, ref, whole)
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
