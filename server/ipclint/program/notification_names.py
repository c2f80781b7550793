"""What a notification between processes is called: its text, or the constant that stands for it."""

from __future__ import annotations

from ipclint.model.facts import Variable
from ipclint.model.ir import Call, Cast, Expr, Member, Name, Operator
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import scope
from ipclint.program.program import Program, UnitRef

_WRAPPERS = frozenset({"Name", "init", "CFNotificationName", "NSNotificationName"})
_VIEWS = frozenset({"rawValue", "name", "notificationName", "cfString", "UTF8String"})
"""Properties that give the same name in another type."""


def name_of(program: Program, ref: UnitRef, expr: Expr) -> str:
    """A notification's name; `.didChange` for a constant whose text is not known, "" when nothing is."""
    bare = _bare(expr)
    texts = fold(program, ref, bare)
    if HOLE not in texts[0]:
        return texts[0]
    while isinstance(bare, Member) and bare.name in _VIEWS and bare.base is not None:
        bare = _bare(bare.base)
    if isinstance(bare, Name) and bare.text in scope(program, ref):
        return ""
    if not isinstance(bare, Member | Name):
        return ""
    word = bare.name if isinstance(bare, Member) else bare.text
    for variable in program.variables_named(word):
        unit = program.unit(variable)
        if isinstance(unit, Variable) and unit.value is not None:
            texts = fold(program, variable, _bare(unit.value))
            if HOLE not in texts[0]:
                return texts[0]
    return f".{word}"


def _bare(expr: Expr) -> Expr:
    """A name without casts and without the types that wrap it: `CFNotificationName(x as CFString)`."""
    while True:
        match expr:
            case Call(name=name, args=(inner, *_)) if name.rpartition(".")[2] in _WRAPPERS:
                expr = inner
            case Cast(value=inner) | Operator(op="unwrap", operands=(inner,)):
                expr = inner
            case _:
                return expr
