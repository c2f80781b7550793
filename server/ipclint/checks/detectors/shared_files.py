"""GRP104 and GRP107: files of an app group's container that are kept unprotected, and code that is run from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.container_paths import from_container, is_verified, open_folder
from ipclint.checks.detectors.keyed_parts import keyed_secret
from ipclint.checks.detectors.named_values import nodes_of
from ipclint.checks.detectors.shared_settings import deciding_settings
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Assign, Call, Expr, Member, Name, Node, Subscript, walk
from ipclint.program.configuration import programs_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import secret_in
from ipclint.program.usage import Use, uses_of

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
LOADS = {
    "code.library": 0,
    "code.bundle": -1,
    "code.bundle-at": 0,
    "code.script": 0,
    "code.user-script": 0,
    "code.model": 0,
    "code.shaders": 0,
    "process.path": 0,
    "process.run": 0,
    "process.exec": 0,
    "process.spawn": 1,
}
"""What runs code, and which argument says from where; -1 is the receiver."""


@detector("code-loaded-from-shared-location", on="function")
def code_loaded_from_shared_location(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    if is_verified(program, ref):
        return
    yield from deciding_settings(rule, program, ref)
    for use in uses_of(program, ref, *LOADS):
        index = LOADS[use.api.name]
        path = use.receiver if index < 0 else use.args[index] if index < len(use.args) else None
        if path is None or not (use.certain or use.api.name != "code.bundle"):
            continue
        holes = {"api": _written(use)}
        place = around.place_of(ref, use.node)
        variant = "c" if use.api.name in ("code.model", "code.shaders") else ""
        folder = open_folder(program, ref, path)
        if use.api.name != "code.bundle-at" and from_container(program, ref, path):
            yield rule.finding(place, "certain" if use.certain else "likely", variant=variant, holes=holes)
        elif folder:
            context = "model-folder" if variant else "open-folder"
            holes |= {"path": folder}
            yield rule.finding(place, "certain", context=context, variant=variant, holes=holes)


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
        words = {_word(node): (at, node) for argument in use.args for at, node in nodes_of(program, ref, argument)}
        words |= {_word(node): (ref, node) for argument in use.args for node in _put_into(program, ref, argument)}
        weak = next((held for word, held in words.items() if _is_none(word, held[1], words)), None)
        content = use.args[1] if use.api.name == "file.create" and len(use.args) > 1 else use.receiver
        if weak is not None:
            if from_container(program, ref, path):
                place = around.place_of(ref, use.node)
                holes: dict[str, str | Place] = {"weak": _word(weak[1]), "option": _place(*weak)}
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


def _is_none(word: str, node: Node, words: Iterable[str]) -> bool:
    """Whether a word switches protection off: one of the constants, or `.none` next to a key or type of it."""
    if word in NO_PROTECTION:
        return True
    if word != "none" or not isinstance(node, Member):
        return False
    return any(PROTECTION.search(other) or other == "FileProtectionType" for other in words)


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
