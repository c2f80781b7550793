"""What a condition makes sure of: the validators that clear taint on the branch where they hold.

A validator clears what it tests and nothing else, on its own branch only. Because branches are joined where they meet,
one whose failing branch does not leave clears nothing, without a rule for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Evaluate,
    Expr,
    Literal,
    Member,
    Name,
    Operator,
    Return,
    Subscript,
)
from ipclint.program import flow_model as model
from ipclint.program.constants import HOLE, fold
from ipclint.program.flow_run import Run, transparent
from ipclint.program.flow_state import NOTHING, State, Tokens, merged, whole
from ipclint.program.link import declarations, type_of
from ipclint.program.program import UnitRef
from ipclint.program.types import base_type
from ipclint.program.usage import call_uses

VALUE: Tokens = frozenset({"value"})
ZERO: Tokens = frozenset({"zero"})
"""Of a closure parameter: what it returned was a status without error."""
MAX_DEPTH = 10

_CONTAINS = frozenset({"contains", "containsObject:", "containsString:", "localizedStandardContains", "member:"})
_PREFIX = frozenset({"hasPrefix", "hasPrefix:", "starts"})
_EQUALS = frozenset({"isEqualToString:", "isEqual:", "isEqual", "isEqualTo:", "elementsEqual"})
_COMPARES = frozenset({"compare", "compare:", "caseInsensitiveCompare", "caseInsensitiveCompare:", "strcmp", "strncmp",
                       "strcasecmp", "localizedCaseInsensitiveCompare:"})  # fmt: skip
_RANGES = frozenset({"range", "rangeOfString:", "rangeOfString:options:", "firstRange", "firstIndex"})
_SUCCESS = frozenset(
    {"noErr", "errSecSuccess", "errAuthorizationSuccess", "ERR_SUCCESS", "KERN_SUCCESS", "orderedSame"}
)
_PARSERS = frozenset({"Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64", "Double",
                      "Float", "UUID", "NSUUID", "initWithUUIDString:", "Decimal"})  # fmt: skip
_MATCHES = frozenset({"evaluate", "evaluateWithObject:", "wholeMatch", "allSatisfy"})


def refined(run: Run, state: State, condition: Expr, truth: bool, depth: int = 0) -> State:
    """The state after a condition turned out true or false; `state` itself stays as it is."""
    if not state.places or depth > MAX_DEPTH:
        return state.copy()
    match condition:
        case Operator(op="!", operands=(inner,)):
            return refined(run, state, inner, not truth, depth + 1)
        case Operator(op="&&" | "||" as op, operands=(left, right)):
            return _both(run, state, left, right, op == "&&", truth, depth)
        case Operator(op="==" | "===" | "!=" | "!==" as op, operands=(left, right)):
            return _compared(run, state, left, right, (op in ("==", "===")) == truth, depth)
        case Operator(op="unwrap" | "try" | "try?" | "try!" | "await" | "~=", operands=operands) if operands:
            return refined(run, state, operands[-1], truth, depth + 1)
        case Cast(op=op, value=inner) if op != "is":
            return refined(run, state, inner, truth, depth + 1)
        case Collection(kind="tuple", items=(inner,)):
            return refined(run, state, inner, truth, depth + 1)
        case Assign(value=value):
            return refined(run, state, value, truth, depth + 1)
        case Call():
            return _called(run, state, condition, truth)
        case Name() | Member():
            place = run.place(condition)
            test = state.tests.get(place) if place is not None else None
            if test is not None:
                return refined(run, state, test, truth, depth + 1)
            return present(run, state, condition) if truth else state.copy()
        case Subscript() if truth:
            return present(run, state, condition)
        case _:
            return state.copy()


def _both(run: Run, state: State, left: Expr, right: Expr, conjunction: bool, truth: bool, depth: int) -> State:
    """`a && b` true is both; false is one or the other. `||` the other way round."""
    first = refined(run, state, left, conjunction, depth + 1)
    second = refined(run, first, right, truth, depth + 1)
    if truth == conjunction:
        return second
    other = refined(run, state, left, truth, depth + 1)
    met = merged([other, second])
    if met is None:
        return state.copy()
    met.failed = other.failed | second.failed  # a status and the object that comes with it fail together
    return met


def _sure(run: Run, state: State, tested: Expr, tokens: Iterable[str]) -> State:
    after = state.copy()
    for place in run.same_places(tested):
        after.assure(place, tokens)
    return after


# ── comparisons ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _compared(run: Run, state: State, left: Expr, right: Expr, equal: bool, depth: int) -> State:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, Literal) and other.kind == "nil":
            return (
                _searched(run, state, one, not equal) if equal or _is_search(one) else present(run, state, one, depth)
            )
        if isinstance(other, Literal) and other.kind == "bool":
            return refined(run, state, one, equal == (other.text == "true"), depth + 1)
        if is_success(other):
            return succeeded(run, state, one, depth) if equal else _failed(run, state, one)
        if isinstance(other, Name) and other.text == "NSNotFound":
            return _searched(run, state, one.base if isinstance(one, Member) and one.base else one, not equal)
    if not equal:
        return state.copy()
    if any(_asks_user(run, state, each) for each in (left, right)):
        after = state.copy()
        after.assure_all(frozenset({"confirmed"}))
        return after
    for one, other in ((left, right), (right, left)):
        if _tainted(run, state, one) and not _tainted(run, state, other):
            return _equals(run, state, one)
    return state.copy()


def _asks_user(run: Run, state: State, expr: Expr) -> bool:
    """Whether an expression is the button that the user pressed."""
    place = run.place(expr)
    asked = state.tests.get(place) if place is not None else expr
    return isinstance(asked, Call) and asked.name == "runModal"


def _failed(run: Run, state: State, status: Expr) -> State:
    after = state.copy()
    if (place := run.place(status)) is not None:
        after.failed |= {place}
    return after


def _equals(run: Run, state: State, tested: Expr) -> State:
    """The tested value is one that the program chose. A part that decides alone is said of the whole as well."""
    after = _sure(run, state, tested, VALUE)
    place = run.place(tested)
    part = transparent(state.tests.get(place, tested) if place is not None else tested)
    if isinstance(part, Member | Call) and part.name in ("host", "scheme"):
        url = part.base if isinstance(part, Member) else part.target
        return _sure(run, after, url, (f"link.{part.name}",)) if url is not None else after
    return after


def is_success(expr: Expr) -> bool:
    """Whether an expression is a status that means success: 0, `noErr`."""
    match expr:
        case Literal(kind="int", text=text):
            return text == "0"
        case Name(text=text) | Member(base=None, name=text):
            return text in _SUCCESS or text == "NSOrderedSame"
        case _:
            return False


def _tainted(run: Run, state: State, expr: Expr) -> bool:
    place = run.place(expr)
    return bool(state.read(place)) if place is not None else bool(run.peek(state, expr))


# ── something, success ───────────────────────────────────────────────────────────────────────────────────────────────


def present(run: Run, state: State, expr: Expr, depth: int = 0) -> State:
    """The state after `expr` turned out not to be nil."""
    if not state.places or depth > MAX_DEPTH:
        return state.copy()
    match expr:
        case Operator(op="unwrap" | "try" | "try?" | "await", operands=(inner,)):
            return present(run, state, inner, depth + 1)
        case Cast(op=op, value=inner) if op != "is":
            return present(run, state, inner, depth + 1)
        case Subscript(base=base, args=(key,)) if not _tainted(run, state, base):
            return _sure(run, state, key, VALUE)  # a key of a table of the program's own
        case Call():
            return _present_call(run, state, expr)
        case Name() | Member():
            place = run.place(expr)
            test = state.tests.get(place) if place is not None else None
            return present(run, state, test, depth + 1) if test is not None else state.copy()
        case _:
            return state.copy()


def _present_call(run: Run, state: State, call: Call) -> State:
    name = call.name.partition("<")[0]
    if name in _PARSERS and call.args:
        return _sure(run, state, call.args[0], VALUE)
    if call.labels == ("rawValue",) and _is_enum(run, name if call.target is None else type_name(run, call.target)):
        return _sure(run, state, call.args[0], VALUE)
    if name in ("objectForKey:", "objectForKeyedSubscript:") and call.target is not None:
        return state.copy() if _tainted(run, state, call.target) else _sure(run, state, call.args[0], VALUE)
    if _is_search(call):
        return _searched(run, state, call, True)
    if name in _MATCHES:
        return _sure(run, state, call.args[0], VALUE) if call.args else state.copy()
    return _asserted(run, state, call, lambda asserts: asserts.some)


def type_name(run: Run, expr: Expr) -> str:
    """The plain name of an expression's type, of the type itself for a metatype."""
    return base_type(type_of(run.program, run.ref, expr).removesuffix(".Type"))


def _is_enum(run: Run, name: str) -> bool:
    return any(unit.kind == "enum" for _, unit in declarations(run.program, name)) if name else False


def succeeded(run: Run, state: State, expr: Expr, depth: int = 0) -> State:
    """The state after `expr` turned out to be zero: no error, or no difference."""
    match expr:
        case Call() if expr.name in _COMPARES and (expr.target is not None or len(expr.args) > 1):
            one, other = (expr.target, expr.args[0]) if expr.target is not None else (expr.args[0], expr.args[1])
            return _compared(run, state, one, other, True, depth + 1)
        case Call():
            after = _asserted(run, _validated(run, state, expr, "zero"), expr, lambda asserts: asserts.zero)
            return _sure(run, after, expr, ZERO)
        case Name() | Member() if depth < MAX_DEPTH:
            place = run.place(expr)
            test = state.tests.get(place) if place is not None else None
            return succeeded(run, state, test, depth + 1) if test is not None else state.copy()
        case Assign(value=value) | Operator(op="unwrap", operands=(value,)) | Cast(value=value):
            return succeeded(run, state, value, depth + 1)
        case _:
            return state.copy()


# ── predicates ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _called(run: Run, state: State, call: Call, truth: bool) -> State:
    name = call.name.partition("<")[0]
    target, first = call.target, call.args[0] if call.args else None
    if name in _EQUALS and target is not None and first is not None:
        return _compared(run, state, target, first, truth, 0)
    if name in _CONTAINS and target is not None and first is not None:
        return _contained(run, state, target, first, truth)
    if name in _PREFIX and target is not None and first is not None:
        return _prefixed(run, state, target, first, truth)
    if name in _MATCHES and truth:
        subject = target if name == "allSatisfy" else first
        if subject is not None and _tainted(run, state, subject):
            return _sure(run, state, subject, VALUE)
    if not truth:
        return _validated(run, state, call, "false")
    after = _validated(run, state, call, "true")
    return _asserted(run, after, call, lambda asserts: asserts.true)


def _contained(run: Run, state: State, container: Expr, element: Expr, truth: bool) -> State:
    """An allow-list contains the value; or a text does not contain what would break out of a folder."""
    if _tainted(run, state, container):
        return state.copy() if truth else _without(run, state, container, element)
    if truth and base_type(type_of(run.program, run.ref, container)) not in ("String", "NSString", "Substring"):
        return _equals(run, state, element)
    return state.copy()


def _without(run: Run, state: State, tested: Expr, element: Expr) -> State:
    texts = fold(run.program, run.ref, element)
    if texts == ("..",) or texts == ("../",):
        return _sure(run, state, tested, ("path.no-dots",))
    return _sure(run, state, tested, ("path.no-slash",)) if texts == ("/",) else state.copy()


def _prefixed(run: Run, state: State, tested: Expr, prefix: Expr, truth: bool) -> State:
    if _tainted(run, state, prefix):
        return state.copy()
    texts = fold(run.program, run.ref, prefix)
    if not truth:
        return _sure(run, state, tested, ("option",)) if all(text.startswith("-") for text in texts) else state.copy()
    tokens: set[str] = set()
    if not any(text.startswith(("-", HOLE)) for text in texts):
        tokens.add("option")
    if all(text.endswith("/") for text in texts):
        tokens.add("path.prefix")
        taint = whole(run.peek(state, tested))
        if taint is not None and "path.resolved" in taint.tokens:
            tokens.add("path")
    else:
        tokens.add("half.prefix")
    return _sure(run, state, tested, tokens)


def _is_search(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.name.partition("<")[0] in (*_RANGES, "rangeOfCharacter", "firstMatch")


def _searched(run: Run, state: State, search: Expr, found: bool) -> State:
    """The outcome of looking for a text, a pattern or a set of characters in the tested text."""
    if isinstance(search, Name):
        place = run.place(search)
        test = state.tests.get(place) if place is not None else None
        return _searched(run, state, test, found) if test is not None and not isinstance(test, Name) else state.copy()
    if not isinstance(search, Call) or search.target is None or not search.args:
        return state.copy()
    if search.name.startswith(("rangeOfCharacter",)):
        inverted = any(isinstance(n, Member | Call) and n.name in ("inverted", "invertedSet") for n in search.args)
        return _sure(run, state, search.target, VALUE) if inverted and not found else state.copy()
    if not _tainted(run, state, search.target):
        return _equals(run, state, search.args[0]) if found and search.name == "firstIndex" else state.copy()
    if not found:
        return _without(run, state, search.target, search.args[0])
    anchored = all(
        t.startswith(("^", "\\A")) and t.endswith(("$", "\\z")) for t in fold(run.program, run.ref, search.args[0])
    )
    return _sure(run, state, search.target, VALUE) if anchored else state.copy()


# ── validators by model, and by what a function's body does ──────────────────────────────────────────────────────────


def _validated(run: Run, state: State, call: Call, when: str) -> State:
    """Validators of the vocabulary: an API that makes sure of something about an argument."""
    after = state
    for use in call_uses(run.program, run.ref, call):
        for flow in use.api.validates:
            if flow.when != when:
                continue
            for position in flow.at:
                tested: Sequence[Expr] = [use.args[n] for n in model.argument_numbers(position, len(use.args))]
                if position == "self" and use.receiver is not None:
                    tested = [use.receiver]
                for each in tested:
                    after = _sure(run, after, each, (flow.kind,))
    return after.copy() if after is state else after


def _asserted(run: Run, state: State, call: Call, which: Callable[[model.Asserts], Tokens]) -> State:
    """Validators of the program: a function counts by its body, not by its name."""
    after = state.copy()
    resolution = run.resolve(call)
    for argument, expr in enumerate(call.args):
        if not resolution.refs or not _tainted(run, state, expr):
            continue
        promised: Tokens | None = None
        for callee in resolution.refs:
            function = run.program.function(callee)
            number = model.argument_parameters(function, call).get(argument) if function is not None else None
            tokens = which(run.answers.asserts(callee, number)) if number is not None else NOTHING
            promised = tokens if promised is None else promised & tokens
        if promised:
            after = _sure(run, after, expr, promised)
    return after


def ran(run: Run, call: Call, closures: dict[int, Closure]) -> None:
    """A function that throws when the closure it runs fails came back: what the closure's status says holds from here
    on."""
    resolution = run.resolve(call)
    function = run.program.function(resolution.refs[0]) if len(resolution.refs) == 1 else None
    if function is None or "throws" not in function.modifiers:
        return
    numbers = model.argument_parameters(function, call)
    for argument, closure in closures.items():
        number, status = numbers.get(argument), _only_value(closure)
        if run.alive and number is not None and status is not None:
            if run.answers.asserts(resolution.refs[0], number).returns >= ZERO:
                run.state = succeeded(run, run.now, status)


def _only_value(closure: Closure) -> Expr | None:
    """The expression that is all of a closure's body."""
    match closure.body:
        case (Evaluate(value=value),) | (Return(value=value),):
            return value
        case _:
            return None


def passed(run: Run, callee: UnitRef, call: Call, numbers: dict[int, int]) -> None:
    """A function that throws on bad input came back: what it made sure of holds from here on."""
    for argument, number in numbers.items():
        if not run.alive:
            return
        if not run.same_places(call.args[argument]):
            continue
        tokens = run.answers.asserts(callee, number).returns
        if tokens:
            run.state = _sure(run, run.now, call.args[argument], tokens)
