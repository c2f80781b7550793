"""XPC103: whether the path or name that a process id led to decides something, or is only written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ipclint.checks.around import given
from ipclint.model.ir import (
    Block,
    Call,
    Evaluate,
    Expr,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Switch,
    Text,
    children,
    walk,
)
from ipclint.program.program import Program, UnitRef

PATH_LOOKUPS = frozenset({"proc_pidpath", "proc_name"})
"""C functions that fill their second argument with the path or the name of a process."""

COMPARES = frozenset(
    {"strcmp", "strncmp", "strcasecmp", "strncasecmp", "strstr", "memcmp", "fnmatch", "isEqualToString:", "isEqual:",
     "isEqual", "hasPrefix", "hasPrefix:", "hasSuffix", "hasSuffix:", "contains", "containsObject:", "containsString:",
     "starts", "compare", "compare:", "caseInsensitiveCompare", "caseInsensitiveCompare:", "elementsEqual",
     "CFEqual", "CFStringCompare"}
)  # fmt: skip
EQUALITIES = frozenset({"==", "!=", "===", "!==", "~="})
_JUDGES = frozenset({"SecStaticCodeCreateWithPath", "SecStaticCodeCreateWithPathAndAttributes"})
_MEASURES = frozenset({"strlen", "count", "length", "isEmpty", *PATH_LOOKUPS})


class Led:
    """What a look-up found in a function: `returned` when the caller gets it; `decides` when the function itself
    compares it with something, or judges the code that it leads to. A comparison on the way to the caller only tidies
    it up."""

    def __init__(self, program: Program, ref: UnitRef, lookup: Call) -> None:
        filled = _root(lookup.args[1]) if lookup.name in PATH_LOOKUPS and len(lookup.args) > 1 else ""
        self._body = program.body(ref)
        self._is_it = _named(filled) if filled else _same(lookup)
        self._carriers = carriers(program, ref, self._is_it)

    @property
    def decides(self) -> bool:
        return not self.returned and any(_judges(node, self._carries) for node in walk(self._body))

    @property
    def returned(self) -> bool:
        return any(holds(value, self._carries) for value in results(self._body))

    def _carries(self, node: Node) -> bool:
        return self._is_it(node) or (isinstance(node, Name) and node.text in self._carriers)


def _root(expr: Expr) -> str:
    """The variable of `&buffer`, `buffer`, `buffer.baseAddress`; "" for none."""
    return next((node.text for node in walk(expr) if isinstance(node, Name)), "")


def _named(name: str) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, Name) and node.text == name


def _same(call: Call) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, Call) and (node.start, node.end) == (call.start, call.end)


def carriers(program: Program, ref: UnitRef, is_it: Callable[[Node], bool]) -> frozenset[str]:
    """The locals that hold what was found, or something made of it."""
    found: set[str] = set()
    values = given(program, ref)
    before = -1
    while before < len(found):
        before = len(found)
        for name, exprs in values.items():
            if name not in found and any(
                holds(expr, lambda node: is_it(node) or (isinstance(node, Name) and node.text in found))
                for expr in exprs
            ):
                found.add(name)
    return frozenset(found)


def holds(expr: Node, carries: Callable[[Node], bool]) -> bool:
    """Whether an expression is made of what is carried: not its length, the status of the look-up, or what a comparison
    tells."""
    if carries(expr):
        return True
    if isinstance(expr, Call | Member) and expr.name in _MEASURES | COMPARES:
        return False
    if isinstance(expr, Operator) and expr.op in EQUALITIES:
        return False
    return any(holds(inner, carries) for inner in children(expr))


def _judges(node: Node, carries: Callable[[Node], bool]) -> bool:
    match node:
        case Operator(op=op, operands=(one, other)) if op in EQUALITIES:
            return any(
                holds(tested, carries) and _is_something(against) for tested, against in ((one, other), (other, one))
            )
        case Switch(subject=subject):
            return holds(subject, carries)
        case Call(name=name, target=target, args=args) if name in COMPARES | _JUDGES:
            return any(holds(each, carries) for each in (*((target,) if target is not None else ()), *args))
        case _:
            return False


def _is_something(expr: Expr) -> bool:
    """Whether a comparison with the expression tells more than that there is a value."""
    return not isinstance(expr, Literal) and not (isinstance(expr, Text) and not expr.value)


def results(body: Block) -> Iterator[Expr]:
    """What a function returns."""
    if len(body) == 1 and isinstance(body[0], Evaluate):
        yield body[0].value
    for node in walk(body):
        if isinstance(node, Return) and node.value is not None:
            yield node.value
