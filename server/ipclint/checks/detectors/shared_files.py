"""GRP104 and GRP107: files of an app group's container that are kept unprotected, and code that is run from there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.keyed_parts import keyed_secret
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Assign, Call, Expr, Member, Name, Node, Subscript, walk
from ipclint.program.configuration import programs_of
from ipclint.program.constants import fold
from ipclint.program.link import callers, members, owner_of, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import secret_in
from ipclint.program.types import base_type
from ipclint.program.usage import Use, call_uses, uses_of

MAX_HOPS = 4
"""How many properties, functions and callers are followed from a path to what made it."""

NO_PROTECTION = {
    "noFileProtection",
    "NSDataWritingFileProtectionNone",
    "NSFileProtectionNone",
    "NSURLFileProtectionNone",
    "SQLITE_OPEN_FILEPROTECTION_NONE",
}
PROTECTED = {
    "file.write": 0,
    "file.create": 0,
    "file.create-folder": 0,
    "file.attributes": 1,
    "file.database": 0,
    "file.resource-value": -1,
    "storage.option": -1,
    "storage.store": 2,
}
"""What gives a file its protection, and which argument says which file; -1 is the receiver."""
PROTECTION = re.compile(r"(?i)fileprotection|protectionkey|\bcomplete")
VERIFIES = re.compile(
    r"^(?:SecStaticCodeCheckValidity\w*|SecKeyVerifySignature|CC_SHA\w+|isValidSignature|isValidAuthenticationCode|"
    r"verify\w*:?.*|validate\w*:?.*|(?:SHA|HMAC|sha)\d*\w*)$"
)
OPEN_FOLDER = re.compile(r"^(?:/private)?(?:/var)?/tmp/|^/Users/Shared/")
LOADS = {
    "code.library": 0,
    "code.bundle": -1,
    "code.bundle-at": 0,
    "code.script": 0,
    "code.user-script": 0,
    "process.path": 0,
    "process.run": 0,
    "process.exec": 0,
    "process.spawn": 1,
}
"""What runs code, and which argument says from where; -1 is the receiver."""


@detector("code-loaded-from-shared-location", on="function")
def code_loaded_from_shared_location(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    verified = any(isinstance(node, Call) and VERIFIES.match(node.name) for node in walk_all(program, ref))
    for use in () if verified else uses_of(program, ref, *LOADS):
        index = LOADS[use.api.name]
        path = use.receiver if index < 0 else use.args[index] if index < len(use.args) else None
        if path is None or not (use.certain or use.api.name != "code.bundle"):
            continue
        holes = {"api": _written(use)}
        place = around.place_of(ref, use.node)
        folder = next((text for text in fold(program, ref, path) if OPEN_FOLDER.match(text)), "")
        if not folder and isinstance(path, Call) and path.args:  # URL(fileURLWithPath: "/tmp/x")
            folder = next((text for text in fold(program, ref, path.args[0]) if OPEN_FOLDER.match(text)), "")
        if use.api.name != "code.bundle-at" and from_container(program, ref, path):
            yield rule.finding(place, "certain" if use.certain else "likely", holes=holes)
        elif folder:
            yield rule.finding(place, "certain", context="open-folder", holes={**holes, "path": folder})


@detector("shared-container-file-unprotected", on="function")
def shared_container_file_unprotected(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    platforms = {platform for target in programs_of(program, ref.path) for platform in target.platforms}
    if platforms and platforms <= {"macos"}:
        return
    for use in uses_of(program, ref, *PROTECTED):
        at = PROTECTED[use.api.name]
        path = use.receiver if at < 0 else use.args[at] if at < len(use.args) else None
        if path is None:
            continue
        words = {_word(node): node for argument in use.args for node in around.origins(program, ref, argument)}
        words |= {_word(node): node for argument in use.args for node in _put_into(program, ref, argument)}
        weak = next((node for word, node in words.items() if _is_none(word, node, words)), None)
        content = use.args[1] if use.api.name == "file.create" and len(use.args) > 1 else use.receiver
        if weak is not None:
            if from_container(program, ref, path):
                place = around.place_of(ref, use.node)
                holes: dict[str, str | Place] = {"weak": _word(weak), "option": _place(ref, weak)}
                yield rule.finding(place, "certain", holes=holes)
        elif use.api.name in ("file.write", "file.create") and not any(map(PROTECTION.search, words)):
            secret = secret_in(program, ref, content) or keyed_secret(program, ref, content) if content else None
            if secret is not None and from_container(program, ref, path):
                holes = {"secret": secret.name}
                if use.kind == "call" and isinstance(use.node, Call) and use.node.labels == ("to",):
                    holes |= {"path": _place(ref, path), "added": ".completeFileProtectionUntilFirstUserAuthentication"}
                yield rule.finding(around.place_of(ref, use.node), "likely", variant="b", holes=holes)


def _put_into(program: Program, ref: UnitRef, argument: Expr) -> Iterator[Node]:
    """What a function puts into a dictionary of its own: `d[key] = value`, `[d setObject:value forKey:key]`."""
    if not isinstance(argument, Name):
        return
    for node in walk_all(program, ref):
        if isinstance(node, Assign) and isinstance(node.target, Subscript):
            held, put = node.target.base, (node.value, *node.target.args)
        elif isinstance(node, Call) and node.name in ("setObject:forKey:", "setValue:forKey:", "updateValue"):
            held, put = node.target, node.args
        else:
            continue
        if isinstance(held, Name) and held.text == argument.text:
            yield from (inner for each in put for inner in walk(each))


def _is_none(word: str, node: Node, words: dict[str, Node]) -> bool:
    """Whether a word switches protection off: one of the constants, or `.none` next to a key or type of it."""
    if word in NO_PROTECTION:
        return True
    if word != "none" or not isinstance(node, Member):
        return False
    return any(PROTECTION.search(other) or other == "FileProtectionType" for other in words)


# ── where a path leads ───────────────────────────────────────────────────────────────────────────────────────────────


def from_container(program: Program, ref: UnitRef, expr: Expr | None, hops: int = MAX_HOPS) -> bool:
    """Whether a path is made from the container of an app group, through locals, properties, functions and callers."""
    if expr is None or hops < 0:
        return False
    local = scope(program, ref)
    for node in around.origins(program, ref, expr):
        if isinstance(node, Call):
            if any(use.api.name == "app-group.container" for use in call_uses(program, ref, node)):
                return True
            made = resolve(program, ref, node)
            if made.certain and any(_gives(program, each, hops - 1) for each in made.refs[:2]):
                return True
        elif isinstance(node, Name) and node.text in local:
            if any(each.kind == "param" for each in local[node.text]) and _is_passed(program, ref, node.text, hops - 2):
                return True
        elif isinstance(node, Name | Member) and _property_gives(program, ref, node, hops - 1):
            return True
    return False


def _gives(program: Program, ref: UnitRef, hops: int) -> bool:
    """Whether a function returns such a path."""
    return any(from_container(program, ref, value, hops) for value in around.returned(program, ref))


def _property_gives(program: Program, ref: UnitRef, node: Name | Member, hops: int) -> bool:
    if hops < 0:
        return False
    if isinstance(node, Name):
        owner, name = owner_of(program, ref), node.text
    else:
        owner, name = base_type(type_of(program, ref, node.base).removesuffix(".Type")), node.name
    found = members(program, owner, name) if owner else ()
    if not found and isinstance(node, Name):
        found = tuple(each for each in program.variables_named(name) if not owner_of(program, each))
    for each in found:
        unit = program.unit(each)
        if isinstance(unit, Variable):
            if not unit.computed and from_container(program, each, unit.value, hops):
                return True
            each = UnitRef(each.path, f"F {each.key[2:]}.get")
        if _gives(program, each, hops):
            return True
    return False


def _is_passed(program: Program, ref: UnitRef, name: str, hops: int) -> bool:
    """Whether a caller passes such a path as this parameter."""
    function = program.function(ref)
    index = next((i for i, param in enumerate(function.params if function else ()) if param.name == name), -1)
    sites = callers(program, ref) if hops >= 0 and index >= 0 else ()
    return any(
        site.certain
        and index < len(site.call.args)
        and from_container(program, site.caller, site.call.args[index], hops)
        for site in sites
    )


def walk_all(program: Program, ref: UnitRef) -> Iterator[Node]:
    """Every node of a function's body."""
    for statement in program.body(ref):
        yield from walk(statement)


def _written(use: Use) -> str:
    """How the code spells what it uses: a C function by its name alone."""
    node = use.node
    if isinstance(node, Call):
        return node.name if node.target is None and not any(node.labels) else node.signature
    return _word(node.target) if isinstance(node, Assign) else _word(node)


def _word(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member | Call) else ""


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
