"""Fixes for connections that never end (XPC302): end them with their owner, and let handlers not keep it alive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around, edits
from ipclint.checks.builders.coding_style import closing_of, insert_before_member, insert_last_member, objc_method
from ipclint.checks.connections import method_of_self, strong_uses
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Type, Variable
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import Assign, Call, Closure, Evaluate, Expr, Let, Member, Name, Node, walk
from ipclint.program.link import code_of, declarations, members
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import is_optional

_COUNTED = re.compile(rb"\[\s*super\s+dealloc\s*\]|\b(?:auto)?release\s*\]|\bretain\s*\]")
_CAPTURES = re.compile(rb"\{\s*\[")
GUARD = "guard let self = self else { return }"


# ── end it with its owner ────────────────────────────────────────────────────────────────────────────────────────────


@builder("invalidate-with-owner")
def invalidate_with_owner(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`deinit { connection.invalidate() }`, in the `deinit` or `dealloc` that is there or in a new one."""
    name, owner, call = (finding.holes.get(key) for key in ("name", "owner", "end-call"))
    if finding.variant or not (isinstance(name, str) and isinstance(owner, str) and isinstance(call, str)):
        return
    declared = [(ref, unit) for ref, unit in declarations(program, owner) if unit.kind in ("class", "implementation")]
    found = _variable(program, owner, name)
    if len(declared) != 1 or found is None or "lazy" in found.modifiers:
        return
    ref, unit = declared[0]
    data = sources.data(ref.path)
    swift = unit.kind == "class"
    ending = _swift_ending(found, call) if swift else _objc_ending(found, call, data)
    last = [each for each in _functions(program, unit) if program.function(each).kind == "deinitializer"]  # type: ignore[union-attr]
    if last:
        function = program.function(last[0])
        assert function is not None
        at = sources.extent(last[0]).start + function.body_start
        edit = edits.insert_in_body(last[0].path, sources.data(last[0].path), at, ending)
    else:
        edit = _new_last(program, ref, unit, ending, data, sources)
    isolated = bool({"@MainActor", "@globalActor"} & set(unit.attributes))
    yield Fix("Invalidate it with its owner", not isolated, (edit,), rule=rule.id)


def _variable(program: Program, owner: str, name: str) -> Variable | None:
    """The property or instance variable by the name that it is kept under."""
    units = [program.unit(ref) for word in (f"_{name}", name) for ref in members(program, owner, word)]
    return next((unit for unit in units if isinstance(unit, Variable) and not unit.computed), None)


def _functions(program: Program, unit: Type) -> list[UnitRef]:
    return [ref for ref in program.members_of(unit.qualified) if program.function(ref) is not None]


def _swift_ending(found: Variable, call: str) -> str:
    optional = is_optional(found.type)
    if not call.startswith("xpc_"):
        return f"{found.name}{'?' if optional else ''}.{call}()"
    if optional:
        return f"if let {found.name} = {found.name} {{\n    {call}({found.name})\n}}"
    return f"{call}({found.name})"


def _objc_ending(found: Variable, call: str, data: bytes) -> str:
    name = found.name
    if "ivar" not in found.attributes:
        synthesized = re.search(rb"@synthesize\b[^;]*?\b%s\b(?:\s*=\s*(\w+))?" % re.escape(name.encode()), data)
        name = f"_{name}" if synthesized is None else synthesized[1].decode() if synthesized[1] else name
    return f"[{name} {call}];" if not call.startswith("xpc_") else f"if ({name} != NULL) {{\n    {call}({name});\n}}"


def _new_last(program: Program, ref: UnitRef, unit: Type, ending: str, data: bytes, sources: Sources) -> Edit:
    """A `deinit` or `dealloc` behind the initialisers, else in front of the methods, else last."""
    lines = "\n".join(f"    {line}" for line in ending.split("\n"))
    if unit.kind == "class":
        text = f"deinit {{\n{lines}\n}}"
    else:
        counted = "\n[super dealloc];" if _COUNTED.search(data) else ""
        text = objc_method(data, "- (void)dealloc", ending + counted)
    extent = sources.extent(ref)
    here = sorted(
        (sources.extent(each).start, function)
        for each in _functions(program, unit)
        if each.path == ref.path
        and (function := program.function(each)) is not None
        and extent.start < sources.extent(each).start < extent.end
        and function.kind in ("method", "initializer")
    )
    inits = [start for start, function in here if _makes(function)]
    following = [start for start, _ in here if not inits or start > inits[-1]]
    if following:
        return insert_before_member(ref.path, data, following[0], text)
    closing = closing_of(data, extent, objc=unit.kind != "class")
    indent = edits.indent_of(data, extent.start) + (edits.level_of(data) if unit.kind == "class" else "")
    return insert_last_member(ref.path, data, closing, indent, text)


def _makes(function: Function) -> bool:
    return function.kind == "initializer" or function.name.startswith("init")


# ── let handlers not keep it alive ───────────────────────────────────────────────────────────────────────────────────


@builder("capture-weakly")
def capture_weakly(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`[weak self] in self?.x = nil`; a guard first where `self` is more than the start of a statement."""
    place = finding.holes.get("closure")
    if finding.variant != "c" or not isinstance(place, Place):
        return
    ref = UnitRef(place.path, place.unit)
    nodes = [n for n in walk(code_of(program, ref)) if (n.start, n.end) == (place.start, place.end)]
    closure = next((n for n in nodes if isinstance(n, Closure)), None)
    if closure is None:
        method = next(
            (name for n in nodes if isinstance(n, Name | Member) and (name := method_of_self(program, ref, n))), ""
        )
        if method:
            edit = sources.replace(place, f"{{ [weak self] in self?.{method}() }}")
            yield Fix("Capture self weakly", True, (edit,), rule=rule.id)
        return
    uses = strong_uses(program, ref, closure)
    weakly = _swift_weakly if place.path.endswith(".swift") else _objc_weakly
    changes = weakly(program, ref, closure, uses, sources)
    if changes:
        yield Fix("Capture self weakly", True, tuple(changes), rule=rule.id)


def _swift_weakly(
    program: Program, ref: UnitRef, closure: Closure, uses: tuple[Name, ...], sources: Sources
) -> list[Edit]:
    data, base = sources.data(ref.path), sources.extent(ref).start
    opens, body = base + closure.start + 1, base + closure.body_start
    chained = {id(name) for statement in closure.body if (name := _begins(statement)) is not None}
    simple = all(id(use) in chained and data[base + use.end : base + use.end + 1] == b"." for use in uses)
    changes = [Edit(ref.path, base + use.end, base + use.end, "?") for use in uses] if simple else []
    captures = _CAPTURES.match(data, opens - 1)
    has_head = body > opens
    if captures is not None and has_head:
        changes.append(Edit(ref.path, captures.end(), captures.end(), "weak self, "))
    elif has_head:
        changes.append(Edit(ref.path, opens, opens, " [weak self]"))
    guard = None if simple else edits.insert_in_body(ref.path, data, body, GUARD)
    if not has_head:
        space = "" if data[opens : opens + 1].isspace() else " "
        if guard is None:
            changes.append(Edit(ref.path, opens, opens, f" [weak self] in{space}"))
        else:  # one edit, so that the order of the two is certain
            changes.append(
                Edit(
                    ref.path,
                    opens,
                    guard.end,
                    f" [weak self] in{data[opens : guard.start].decode()}{guard.text}{space}",
                )
            )
    elif guard is not None:
        changes.append(guard)
    return changes


def _begins(statement: Node) -> Name | None:
    """The `self` that a statement begins with: `self.x.y()`, `self.x = …`; only where it is the one in it."""
    expr: Expr | None = statement.value if isinstance(statement, Evaluate) else None
    if isinstance(expr, Assign):
        expr = expr.target if expr.op == "=" else None
    while isinstance(expr, Member | Call):
        expr = expr.base if isinstance(expr, Member) else expr.target
    return expr if isinstance(expr, Name) and expr.text == "self" else None


def _objc_weakly(
    program: Program, ref: UnitRef, closure: Closure, uses: tuple[Name, ...], sources: Sources
) -> list[Edit]:
    data, base = sources.data(ref.path), sources.extent(ref).start
    function = program.function(ref)
    named = any(use.text != "self" for use in uses) or any(
        isinstance(n, Name) and n.text == "super" for n in walk(closure)
    )
    if function is None or named or _COUNTED.search(data):
        return []  # `weakSelf->_x` would be undefined for nil
    if any(data[base + use.start : base + use.end] != b"self" for use in uses):
        return []  # in a macro
    lets = [n for n in walk(code_of(program, ref)) if isinstance(n, Let) and around.spelled(n.value) == "self"]
    weak = next((n.names[0] for n in lets if "weak" in n.names[0].lower() and n.start < closure.start), "")
    changes = [Edit(ref.path, base + use.start, base + use.end, weak or "weakSelf") for use in uses]
    if not weak:
        text = "__weak typeof(self) weakSelf = self;"
        changes.append(edits.insert_in_body(ref.path, data, base + function.body_start, text))
    return changes


# ── resume first ─────────────────────────────────────────────────────────────────────────────────────────────────────


@builder("resume-before-end")
def resume_before_end(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`connection.resume()` before `connection.invalidate()` where it is suspended."""
    end, connection = finding.holes.get("end"), finding.holes.get("connection")
    if finding.variant != "d" or not isinstance(end, Place) or not isinstance(connection, Place):
        return
    receiver = sources.text(connection)
    text = sources.text(end)
    optional = "?" if text[len(receiver) :].startswith("?") else ""
    call = f"{receiver}{optional}.resume()" if end.path.endswith(".swift") else f"[{receiver} resume];"
    yield Fix("Resume it first", True, (sources.insert_before(end, call),), rule=rule.id)
