"""Secure coding switched on where it was off (fixes F13 and F14 of the catalogue)."""

from __future__ import annotations

from ipclint.checks.builders.coding_decode import typed_decode
from ipclint.checks.detectors.coding_decodes import Decode
from ipclint.checks.detectors.coding_switch import Insecure, decodes_on, insecure_archives, insecure_unarchivers
from ipclint.checks.detectors.coding_wanted import wanted
from ipclint.checks.fix import Sources
from ipclint.model.finding import Edit, Finding, Place
from ipclint.model.ir import Call, Do, Node, walk
from ipclint.program.program import Program, UnitRef


def secure_unarchiver(program: Program, finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    """The edits of one finding; () when a decode's class is unknown or the place cannot take a call that throws."""
    ref = UnitRef(finding.place.path, finding.place.unit)
    switch = finding.holes.get("switch")
    if not isinstance(switch, Place):
        return ()
    for archive in insecure_archives(program, ref):
        if _place(ref, archive.value) == switch:
            return (sources.replace(switch, _on(ref.path)),)
    for insecure in insecure_unarchivers(program, ref):
        if _place(ref, insecure.node) == switch:
            return _switched_on(program, ref, insecure, sources)
    return ()


def _switched_on(program: Program, ref: UnitRef, insecure: Insecure, sources: Sources) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    for call in decodes_on(program, ref, insecure.name):
        if "of" in call.labels or "OfClass" in call.name or "orKey" not in call.signature or not _takes_object(call):
            continue
        typed = typed_decode(program, ref, Decode(call, call.signature, wanted(program, ref, call)), sources)
        if typed is None:
            return ()
        edits += typed.edits
    if insecure.value is not None:
        return (*edits, sources.replace(_place(ref, insecure.value), _on(ref.path)))
    made = _secure_initializer(program, ref, insecure.node, sources)
    return (*edits, made) if made is not None else ()


def _takes_object(call: Call) -> bool:
    return call.name.startswith(("decodeObject", "decodeTopLevelObject"))


def _on(path: str) -> str:
    return "true" if path.endswith(".swift") else "YES"


def _secure_initializer(program: Program, ref: UnitRef, node: Node, sources: Sources) -> Edit | None:
    """The initialiser that requires secure coding by itself. In Swift it throws, so it needs a place that may."""
    if not isinstance(node, Call) or not node.args:
        return None
    argument = sources.text(_place(ref, node.args[0]))
    if not ref.path.endswith(".swift"):
        name = Place(ref.path, ref.key, node.name_start, node.end)
        return sources.replace(name, f"initForReadingFromData:{argument} error:NULL]")
    if not _may_throw(program, ref, node):
        return None
    text = sources.text(_place(ref, node)).replace("forReadingWith:", "forReadingFrom:", 1)
    return sources.replace(_place(ref, node), f"try {text}")


def _may_throw(program: Program, ref: UnitRef, node: Node) -> bool:
    """Whether an error thrown at a node is handled, by a `do` around it or by the function's caller."""
    function = program.function(ref)
    if function is not None and any(word in ("throws", "rethrows") for word in function.modifiers):
        return True
    return any(
        isinstance(each, Do) and each.catches and each.start <= node.start and node.end <= each.end
        for each in walk(program.body(ref))
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
