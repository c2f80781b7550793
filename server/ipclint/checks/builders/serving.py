"""Fixes for endpoints that cannot work (XPC301): start them, keep their delegate, set the interface first."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program, UnitRef


@builder("start-endpoint")
def start_endpoint(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`connection.resume()` behind the statements that prepare it. A raw connection needs its event handler first."""
    after, connection = finding.holes.get("after"), finding.holes.get("connection")
    if not isinstance(after, Place) or connection is None:
        return
    name = connection if isinstance(connection, str) else sources.text(connection)
    swift = after.path.endswith(".swift")
    if finding.holes.get("raw"):
        call = f"xpc_connection_resume({name})" + ("" if swift else ";")
    elif swift:
        optional = isinstance(connection, Place) and _follows(connection, sources) == "?"
        call = f"{name}{'?' if optional else ''}.resume()"
    else:
        call = f"[{name} resume];"
    yield Fix("Start it", True, (sources.insert_after(after, call),), rule=rule.id)


def _follows(place: Place, sources: Sources) -> str:
    """The character behind a place."""
    end = sources.span(place).end
    return sources.data(place.path)[end : end + 1].decode("ascii", "replace")


@builder("keep-delegate")
def keep_delegate(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`let delegate = …` before `listener.delegate = delegate`, where the function does not end while it serves."""
    delegate, assignment, scope = (finding.holes.get(key) for key in ("delegate", "assignment", "scope"))
    if finding.variant != "d" or not (isinstance(delegate, Place) and isinstance(assignment, Place)):
        return
    if scope != "stays":
        return  # a local would be gone at the end of the function
    function = program.function(UnitRef(assignment.path, assignment.unit))
    name = "delegate" if function is None or "serviceDelegate" in function.mentions else "serviceDelegate"
    made = sources.text(delegate)
    if assignment.path.endswith(".swift"):
        line = f"let {name} = {made}"
    else:
        kind = finding.holes.get("class")
        line = f"__attribute__((objc_precise_lifetime)) {kind} *{name} = {made};"
    edits = (sources.insert_before(assignment, line), sources.replace(delegate, name))
    yield Fix("Keep the delegate", True, edits, rule=rule.id)


@builder("set-before-start")
def set_before_start(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The statement that starts the connection goes behind the one that sets the interface."""
    start, setting = finding.holes.get("start"), finding.holes.get("setting")
    if finding.variant != "e" or not isinstance(start, Place) or not isinstance(setting, Place):
        return
    edits = (sources.remove(start), sources.insert_after(setting, sources.text(start)))
    yield Fix("Start it when it is set up", True, edits, rule=rule.id)
