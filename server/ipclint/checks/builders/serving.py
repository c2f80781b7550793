"""Fixes for endpoints that cannot work (XPC301): start them, keep their delegate, set the interface first."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import edits
from ipclint.checks.builders.coding_style import head_of
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import Call, Let, Name, walk
from ipclint.program.link import declarations, owner_of
from ipclint.program.program import Program, UnitRef


@builder("start-endpoint")
def start_endpoint(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`connection.resume()` behind the statements that prepare it. A raw connection needs its event handler first."""
    after, connection = finding.holes.get("after"), finding.holes.get("connection")
    yield from _activate(rule, finding, sources)
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


def _activate(rule: Rule, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The call that activates a session or listener, behind what prepares it or in front of what uses it."""
    behind, before, call = (finding.holes.get(key) for key in ("behind", "before", "call"))
    if isinstance(call, str) and isinstance(behind, Place):
        yield Fix("Start it", True, (sources.insert_after(behind, call),), rule=rule.id)
    elif isinstance(call, str) and isinstance(before, Place):
        yield Fix("Start it", True, (sources.insert_before(before, call),), rule=rule.id)


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
        yield from _in_property(rule, program, delegate, sources)
        return
    function = program.function(UnitRef(assignment.path, assignment.unit))
    name = "delegate" if function is None or "serviceDelegate" in function.mentions else "serviceDelegate"
    made = sources.text(delegate)
    if assignment.path.endswith(".swift"):
        line = f"let {name} = {made}"
    else:
        kind = finding.holes.get("class")
        line = f"__attribute__((objc_precise_lifetime)) {kind} *{name} = {made};"
    changes = (sources.insert_before(assignment, line), sources.replace(delegate, name))
    yield Fix("Keep the delegate", True, changes, rule=rule.id)


def _in_property(rule: Rule, program: Program, delegate: Place, sources: Sources) -> Iterator[Fix]:
    """A property of the Swift class around, where a local would be gone at the end of the function."""
    ref = UnitRef(delegate.path, delegate.unit)
    owner = owner_of(program, ref)
    classes = [(at, unit) for at, unit in declarations(program, owner) if owner and unit.kind == "class"]
    nodes = tuple(walk(program.body(ref)))
    value = next((n for n in nodes if (n.start, n.end) == (delegate.start, delegate.end)), None)
    let = next((n for n in nodes if isinstance(n, Let) and isinstance(value, Name) and n.names == (value.text,)), None)
    made = let.value if let is not None else value
    if len(classes) != 1 or not isinstance(made, Call) or made.target is not None or made.args:
        return
    at, _ = classes[0]
    inside = sources.extent(at)
    members = [sources.extent(each) for each in program.members_of(owner) if each.path == at.path]
    first = min((each.start for each in members if inside.start < each.start < inside.end), default=None)
    name = value.text if isinstance(value, Name) else "serviceDelegate"
    if first is None or program.members_named(owner, name):
        return
    data = sources.data(at.path)
    above = head_of(data, first)  # over the comments and attributes of the first member
    indent = edits.indent_of(data, first)
    text = f"{indent}private let {name} = {made.name}(){edits.newline_of(data)}"
    line = Edit(at.path, above, above, text)
    changes = [line, sources.replace(delegate, name)]
    if let is not None:
        changes = [line, sources.remove(Place(ref.path, ref.key, let.start, let.end))]
    yield Fix("Keep the delegate", False, tuple(changes), rule=rule.id)


@builder("set-before-start")
def set_before_start(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The statement that starts the connection goes behind the one that sets the interface."""
    start, setting = finding.holes.get("start"), finding.holes.get("setting")
    if finding.variant != "e" or not isinstance(start, Place) or not isinstance(setting, Place):
        return
    changes = (sources.remove(start), sources.insert_after(setting, sources.text(start)))
    yield Fix("Start it when it is set up", True, changes, rule=rule.id)
