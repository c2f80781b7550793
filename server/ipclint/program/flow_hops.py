"""Where data goes without a call: to the observers of a notification, into closures that are kept and called later."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.model.facts import Function, Variable
from ipclint.model.ir import Assign, Call, Closure, Expr, Literal, Member, Name, walk
from ipclint.program import flow_model as model
from ipclint.program.constants import HOLE, fold
from ipclint.program.flow_run import transparent
from ipclint.program.link import callers, calls_in, members, owner_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

MAX_TARGETS = 12  # observers of one notification, closures kept in one property
MAX_REFERENCED = 4  # functions that one name may mean


def referenced(program: Program, ref: UnitRef, expr: Expr) -> tuple[UnitRef, ...]:
    """The functions that an expression names without calling them: `handle`, `self.handle`, `@selector(handle:)`."""
    found: tuple[UnitRef, ...] = ()
    match transparent(expr):
        case Literal(kind="selector", text=text):
            name = text.partition("(")[0].rpartition(".")[2]
            found = members(program, owner_of(program, ref), name) or program.functions_named(name)
        case Name(text=text):
            owner = owner_of(program, ref)
            found = (members(program, owner, text) if owner else ()) or program.functions_named(text)
        case Member(base=base, name=name) if base is not None:
            found = members(program, base_type(type_of(program, ref, base).removesuffix(".Type")), name)
        case _:
            pass
    bodies = tuple(each for each in found if (f := program.function(each)) is not None and f.body)
    return bodies if len(bodies) <= MAX_REFERENCED else ()


# ── notifications ────────────────────────────────────────────────────────────────────────────────────────────────────


@query(bottom=())
def observers(program: Program, name: str) -> tuple[tuple[UnitRef, model.Parameter | model.Block], ...]:
    """The functions and closures that observe a notification, and the input that the notification is for them."""
    found: dict[tuple[UnitRef, model.Parameter | model.Block], None] = {}
    for ref in program.mentioning("addObserver"):
        for call in calls_in(program, ref):
            observed, handler = _observed(call)
            if observed is None or handler is None or notification_name(program, ref, observed) != name:
                continue
            if isinstance(handler, Closure):
                found[ref, model.Block(handler.start, 0)] = None
            for callee in referenced(program, ref, handler):
                found[callee, model.Parameter(0)] = None
    return tuple(found)[:MAX_TARGETS]


def _observed(call: Call) -> tuple[Expr | None, Expr | None]:
    """The name and the handler of an observation."""
    match call:
        case Call(name="addObserver", labels=("forName", *_), args=(name, *_, handler)):
            return name, handler
        case Call(name="addObserver", labels=("", "selector", "name", *_), args=(_, handler, name, *_)):
            return name, handler
        case Call(name="addObserverForName:object:queue:usingBlock:", args=(name, _, _, handler)):
            return name, handler
        case Call(name="addObserver:selector:name:object:", args=(_, handler, name, _)):
            return name, handler
        case _:
            return None, None


def notification_name(program: Program, ref: UnitRef, expr: Expr) -> str:
    """A notification's name: its text, or the constant that stands for it (`.didGetURL`); "" when unknown."""
    inner = transparent(expr)
    while (
        isinstance(inner, Call)
        and inner.args
        and inner.name.rpartition(".")[2] in ("Name", "init", ".init", "rawValue")
    ):
        inner = transparent(inner.args[0])
    texts = fold(program, ref, inner)
    if HOLE not in texts[0]:
        return texts[0]
    if not isinstance(inner, Member | Name):
        return ""
    word = inner.name if isinstance(inner, Member) else inner.text
    for variable in program.variables_named(word):
        unit = program.unit(variable)
        if isinstance(unit, Variable) and isinstance(unit.value, Call) and unit.value.args:
            texts = fold(program, variable, unit.value.args[0])
            return texts[0] if HOLE not in texts[0] else f".{word}"
    return f".{word}"


# ── closures that are kept ───────────────────────────────────────────────────────────────────────────────────────────


@query(bottom=())
def kept_closures(program: Program, owner: str, name: str) -> tuple[tuple[UnitRef, int], ...]:
    """The closures that are put into property `name` of type `owner`: the function around each, its first byte."""
    found: dict[tuple[UnitRef, int], None] = {}
    for ref in program.mentioning(name):
        for node in walk(program.body(ref)):
            if isinstance(node, Assign) and _is_property(program, ref, node.target, owner, name):
                for place in _closures_of(program, ref, node.value):
                    found[place] = None
    return tuple(found)[:MAX_TARGETS]


def _is_property(program: Program, ref: UnitRef, target: Expr, owner: str, name: str) -> bool:
    mine = owner_of(program, ref)
    match target:
        case Name(text=text):
            return text.lstrip("_") == name and bool(mine) and model.related(program, mine, owner, name)
        case Member(base=base, name=text) if base is not None and text.lstrip("_") == name:
            holder = base_type(type_of(program, ref, base))
            return bool(holder) and model.related(program, holder, owner, name)
        case _:
            return False


def _closures_of(program: Program, ref: UnitRef, value: Expr) -> Iterator[tuple[UnitRef, int]]:
    """A closure written here, or those that callers pass for a parameter."""
    inner = transparent(value)
    if isinstance(inner, Closure):
        yield ref, inner.start
        return
    function = program.function(ref)
    if not isinstance(inner, Name) or not isinstance(function, Function):
        return
    numbers = [number for number, param in enumerate(function.params) if param.name == inner.text]
    for site in callers(program, ref) if numbers else ():
        for argument, number in model.argument_parameters(function, site.call).items():
            passed = transparent(site.call.args[argument])
            if number in numbers and isinstance(passed, Closure):
                yield site.caller, passed.start
