"""The fix for files that several programs write (GRP106): replace the file as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors.shared_writes import argument_named
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.model.ir import Call, Collection, Literal, walk
from ipclint.program.link import code_of
from ipclint.program.program import Program, UnitRef


@builder("write-atomically")
def write_atomically(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`options: .atomic`, beside the options that are there; `atomically: true`."""
    place = finding.holes.get("call")
    if not isinstance(place, Place):
        return
    nodes = walk(code_of(program, UnitRef(place.path, place.unit)))
    call = next((n for n in nodes if isinstance(n, Call) and (n.start, n.end) == (place.start, place.end)), None)
    change = _change(call, place, sources) if call is not None else None
    if change is not None:
        yield Fix("Replace the file as a whole", True, (sources.replace(*change),), rule=rule.id)


def _change(call: Call, place: Place, sources: Sources) -> tuple[Place, str] | None:
    """The argument that says how to write, and what it has to say."""
    swift = place.path.endswith(".swift")
    flag, options = argument_named(call, "atomically"), argument_named(call, "options")
    if flag is not None:
        where, text = _at(place, flag.start, flag.end), "true" if swift else "YES"
        return (where, text) if sources.text(where) in ("false", "NO") else None
    if options is None:
        if not swift or call.labels != ("to",):
            return None
        path = _at(place, call.args[0].start, call.args[0].end)
        return path, f"{sources.text(path)}, options: .atomic"
    where = _at(place, options.start, options.end)
    written = sources.text(where)
    if not swift:
        nothing = isinstance(options, Literal) and options.text == "0"
        return where, "NSDataWritingAtomic" if nothing else f"NSDataWritingAtomic | {written}"
    if isinstance(options, Collection):
        inside = written[1:].lstrip()
        return where, "[.atomic]" if inside == "]" else f"[.atomic, {inside}"
    return where, f"[.atomic, {written}]"


def _at(place: Place, start: int, end: int) -> Place:
    return Place(place.path, place.unit, start, end)
