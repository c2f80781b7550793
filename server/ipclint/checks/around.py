"""What stands around a node: the statement and the closure that hold it, the cast put on it, the name it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.model.facts import Variable
from ipclint.model.finding import Place
from ipclint.model.ir import (
    Assign,
    Availability,
    Block,
    Call,
    Cast,
    Closure,
    Evaluate,
    Expr,
    Guard,
    If,
    Let,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Stmt,
    children,
    walk,
)
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

MAX_ORIGINS = 200
"""How many nodes are followed from a value back to what it was made of."""

FILLS = re.compile(r"v?a?s[nl]?printf$|str[ln]?c(?:py|at)(?:_chk)?$|mem(?:cpy|move)$")
"""Functions of C that write what they are given into their first argument."""

TRANSPARENT = frozenset({"try", "try?", "try!", "await", "unwrap"})
"""Operators that leave the value as it is."""


def roots(program: Program, ref: UnitRef) -> tuple[Node, ...]:
    """The statements of a function or macro, or the initialiser of a variable."""
    unit = program.unit(ref)
    if isinstance(unit, Variable):
        return (unit.value,) if unit.value is not None else ()
    return program.body(ref)


def returned(program: Program, ref: UnitRef) -> Iterator[Expr]:
    """What a function or getter gives back, by `return` or as its only expression."""
    body = program.body(ref)
    if len(body) == 1 and isinstance(body[0], Evaluate) and ref.path.endswith(".swift"):
        yield body[0].value
    for root in body:
        yield from (node.value for node in walk(root) if isinstance(node, Return) and node.value is not None)


def path_to(program: Program, ref: UnitRef, node: Node) -> tuple[Node, ...]:
    """The nodes from a statement of the unit down to `node` itself, outermost first; () when it is not in the unit."""
    level: tuple[Node, ...] = roots(program, ref)
    path: list[Node] = []
    while True:
        inside = [each for each in level if each.start <= node.start and node.end <= each.end]
        if any(_is(each, node) for each in inside):
            return (*path, node)
        if len(inside) != 1:
            return next(((*path, *more) for each in inside if (more := _search(each, node))), ())
        path.append(inside[0])
        level = tuple(children(inside[0]))


def _is(one: Node, other: Node) -> bool:
    """Whether two nodes of one unit are the same; bodies are decoded anew at times, so identity does not tell."""
    return one is other or (one.start == other.start and one.end == other.end and one == other)


def _search(root: Node, node: Node) -> list[Node]:
    """The path below `root` by trying every child: for the rare siblings that stand at the same bytes."""
    if _is(root, node):
        return [root]
    for child in children(root):
        if found := _search(child, node):
            return [root, *found]
    return []


def blocks_of(program: Program, ref: UnitRef) -> Iterator[Block]:
    """Every block of statements in a unit, outermost first."""
    body = program.body(ref)
    yield body
    for node in walk(body):
        for name in ("body", "then", "otherwise", "lastly"):
            block = getattr(node, name, None)
            if isinstance(block, tuple) and block:
                yield block


def statement_in(path: tuple[Node, ...]) -> Node | None:
    """The innermost statement of a path; None in a variable's initialiser."""
    return next((node for node in reversed(path) if isinstance(node, Stmt)), None)


def closure_taker(path: tuple[Node, ...]) -> Call | None:
    """The call that takes the innermost closure of a path as an argument; None outside closures."""
    for outer, inner in zip(reversed(path[:-1]), reversed(path[1:]), strict=True):
        if isinstance(inner, Closure):
            return outer if isinstance(outer, Call) else None
    return None


def cast_in(path: tuple[Node, ...]) -> Cast | None:
    """The cast that the last node of a path is put through at once, as in `f(x) as? Foo`, `(Foo *)[a b]`."""
    for node in reversed(path[:-1]):
        if isinstance(node, Cast):
            return node
        if not (isinstance(node, Operator) and node.op in TRANSPARENT):
            return None
    return None


def name_given(path: tuple[Node, ...]) -> str:
    """The local or property that the last node of a path is put into at once (`let x = try f()`), "" for none."""
    for node in reversed(path[:-1]):
        if isinstance(node, Let):
            return node.names[0] if len(node.names) == 1 else ""
        if isinstance(node, Assign):
            return spelled(node.target)
        if not (isinstance(node, Cast) or (isinstance(node, Operator) and node.op in TRANSPARENT)):
            return ""
    return ""


def is_unused(path: tuple[Node, ...]) -> bool:
    """Whether nothing looks at the value of a path's last node: it stands as a statement, or is given to `_`."""
    for node in reversed(path[:-1]):
        if isinstance(node, Operator) and node.op in TRANSPARENT:
            continue
        return node.__class__.__name__ == "Evaluate" or (isinstance(node, Let) and node.names == ("_",))
    return False


def in_loop(path: tuple[Node, ...]) -> bool:
    return any(isinstance(node, Loop) for node in path)


def under_availability(path: tuple[Node, ...]) -> bool:
    """Whether an `if #available` or `@available` decides if the path's last node runs."""
    conditions = (node.conditions for node in path if isinstance(node, If | Guard))
    return any(isinstance(each, Availability) for held in conditions for condition in held for each in walk(condition))


def spelled(expr: Expr | None) -> str:
    """A name or a chain of properties as text, without `self.`; "" for anything else."""
    match expr:
        case Name(text=text):
            return text
        case Member(base=None, name=name):
            return f".{name}"
        case Member(base=Name(text="self"), name=name):
            return name
        case Member(base=base, name=name):
            return f"{owner}.{name}" if (owner := spelled(base)) else ""
        case Call(target=target, name=name, args=()) if target is not None and ":" not in name:
            return name if isinstance(target, Name) and target.text == "self" else f"{spelled(target)}.{name}"
        case Operator(op=op, operands=(inner,)) if op in TRANSPARENT or op in ("address", "dereference"):
            return spelled(inner)
        case _:
            return ""


@query(bottom={})
def given(program: Program, ref: UnitRef) -> dict[str, tuple[Expr, ...]]:
    """What the locals of a unit are given, in source order: by declaration, assignment, loop, or a call that prints or
    copies into them (`snprintf(path, …)`, `[text appendString:…]`)."""
    found: dict[str, tuple[Expr, ...]] = {}

    def give(name: str, *values: Expr | None) -> None:
        if name:
            found[name] = (*found.get(name, ()), *(value for value in values if value is not None))

    for root in roots(program, ref):
        for node in walk(root):
            match node:
                case Let(names=(name,), value=value):
                    give(name, value)
                case Assign(target=Name(text=name), value=value):
                    give(name, value)
                case Loop(binds=names, sequence=sequence):
                    for name in names:
                        give(name, sequence)
                case Call(target=None, name=name, args=(first, *rest)) if FILLS.match(name):
                    give(spelled(first), *rest)
                case Call(target=Name(text=name), name=called, args=args) if called.startswith("append"):
                    give(name, *args)
                case _:
                    pass
    return found


def origins(program: Program, ref: UnitRef, expr: Node | None) -> Iterator[Node]:
    """The nodes of an expression, and those of the values that the locals named in it were given, transitively.

    What stands behind a use cannot have made it, so later values count only where there are no earlier ones.
    """
    values: dict[str, tuple[Expr, ...]] = given(program, ref)
    todo: list[Node] = [expr] if expr is not None else []
    seen: set[str] = set()
    count = 0
    while todo and count < MAX_ORIGINS:
        for node in walk(todo.pop()):
            count += 1
            yield node
            if isinstance(node, Name) and node.text not in seen:
                seen.add(node.text)
                made = values.get(node.text, ())
                todo += [value for value in made if value.start < node.start] or made


def place_of(ref: UnitRef, node: Node) -> Place:
    """Where a node stands. A chained call begins at its name, for the receiver may stand lines above."""
    if isinstance(node, Call) and node.target is not None and not isinstance(node.target, Name):
        return Place(ref.path, ref.key, node.name_start, node.end)
    return Place(ref.path, ref.key, node.start, node.end)
