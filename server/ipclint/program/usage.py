"""Where code uses the API vocabulary: which entry a call, a property read, or an assignment is."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.model.ir import Assign, Call, Expr, Member, Name, walk
from ipclint.program.link import code_of, conforms, owner_of, resolve, scope, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type
from ipclint.program.vocabulary import Api, Spelling


class Use(NamedTuple):
    """One use of an API. `node` is the Call, Member or Assign; `receiver` its target; `args` what is passed.

    `kind` is "call", "read" (a property) or "write" (an assignment to a property or a call of its setter; `args` is
    then the one value). `certain` is False when the receiver's type is unknown and the name alone told.
    """

    api: Api
    kind: OneOf["call", "read", "write"]
    node: Call | Member | Assign | Name
    receiver: Expr | None
    args: tuple[Expr, ...]
    certain: bool


@query(bottom=())
def uses_in(program: Program, ref: UnitRef) -> tuple[Use, ...]:
    """Every use of the vocabulary in a function's body (or a variable's initialiser), in source order."""
    found: list[Use] = []
    written: set[int] = set()
    for node in walk(code_of(program, ref)):
        if isinstance(node, Assign):
            written.add(id(node.target))
            found.extend(write_uses(program, ref, node))
        elif isinstance(node, Call):
            found.extend(call_uses(program, ref, node))
        elif isinstance(node, Member) and id(node) not in written:
            found.extend(read_uses(program, ref, node))
    return tuple(found)


def uses_of(program: Program, ref: UnitRef, *names: str) -> tuple[Use, ...]:
    """The uses of the named APIs (a name ending in ".*" stands for a family) in one unit."""
    exact = {name for name in names if not name.endswith(".*")}
    families = tuple(name[:-1] for name in names if name.endswith(".*"))
    return tuple(u for u in uses_in(program, ref) if u.api.name in exact or u.api.name.startswith(families or ("\0",)))


def call_uses(program: Program, ref: UnitRef, call: Call) -> tuple[Use, ...]:
    """What a call is in the vocabulary: a function, a method, an initialiser, a property getter or setter message."""
    found: list[Use] = []
    if call.name == "init" and isinstance(call.target, Name):  # Foo.init(x:) is Foo(x:)
        call_as = Call(call.start, call.end, None, call.target.text, call.labels, call.args, call.name_start)
        return tuple(use._replace(node=call) for use in call_uses(program, ref, call_as))
    word = call.name.partition("<")[0]
    for spelling in program.vocabulary.by_word.get(word, ()):
        if (fit := _call_fits(program, ref, call, spelling)) is not None:
            kind = "read" if spelling.kind == "property" else "call"
            found.append(Use(spelling.api, kind, call, call.target, call.args, fit))
    if name := property_of_setter(call.name):
        for spelling in program.vocabulary.by_word.get(name, ()):
            if spelling.kind == "property" and (fit := _receiver_fits(program, ref, call.target, spelling)) is not None:
                found.append(Use(spelling.api, "write", call, call.target, call.args, fit))
    return tuple({(use.api.name, use.kind): use for use in found}.values())


def read_uses(program: Program, ref: UnitRef, member: Member) -> tuple[Use, ...]:
    """What a property read (or a method reference) is in the vocabulary."""
    return tuple(
        Use(spelling.api, "read", member, member.base, (), fit)
        for spelling in program.vocabulary.by_word.get(member.name, ())
        if spelling.kind == "property" and (fit := _receiver_fits(program, ref, member.base, spelling)) is not None
    )


def write_uses(program: Program, ref: UnitRef, assign: Assign) -> tuple[Use, ...]:
    """What an assignment to a property is in the vocabulary; `string = text` too, in an extension of its type."""
    match assign.target:
        case Member(base=receiver, name=name):
            pass
        case Name(text=name) if owner_of(program, ref) and name not in scope(program, ref):
            receiver = Name(assign.target.start, assign.target.start, "self")
        case _:
            return ()
    return tuple(
        Use(spelling.api, "write", assign, receiver, (assign.value,), fit)
        for spelling in program.vocabulary.by_word.get(name, ())
        if spelling.kind == "property" and (fit := _receiver_fits(program, ref, receiver, spelling)) is not None
    )


def _call_fits(program: Program, ref: UnitRef, call: Call, spelling: Spelling) -> bool | None:
    """True or False: it is this API, surely or by its name alone; None: it is not."""
    if spelling.labels is not None and not _labels_fit(call, spelling):
        return None
    if spelling.kind == "function":
        return True if call.target is None and not _is_shadowed(program, ref, call, spelling) else None
    if spelling.kind == "initializer":
        if call.target is None:
            return True
        return None
    if spelling.kind == "property" and (call.args or ":" in call.name):
        return None
    if call.target is None:
        owner = owner_of(program, ref)
        return True if owner and spelling.receiver != "*" and conforms(program, owner, spelling.receiver) else None
    return _receiver_fits(program, ref, call.target, spelling)


def _is_shadowed(program: Program, ref: UnitRef, call: Call, spelling: Spelling) -> bool:
    """Whether a bare call is of the program's own function: `open(url: u)`, a method `remove(_:)` of the type
    around.
    """
    if spelling.labels is None and any(label not in ("", "{") for label in call.labels):
        return True  # C knows no labels
    callees = (program.function(callee) for callee in resolve(program, ref, call).refs)
    return any(
        callee is not None and callee.body for callee in callees
    )  # a prototype alone declares a foreign function


def _labels_fit(call: Call, spelling: Spelling) -> bool:
    labels = tuple("" if label == "{" else label for label in call.labels)
    wanted = spelling.labels or ()
    if labels == wanted:
        return True
    # a trailing closure drops its label: `open(url) { … }` is open(_:completionHandler:)
    return "{" in call.labels and len(labels) == len(wanted) and labels[:-1] == wanted[:-1] and call.labels[-1] == "{"


def _receiver_fits(program: Program, ref: UnitRef, receiver: Expr | None, spelling: Spelling) -> bool | None:
    if spelling.receiver == "*":
        return True
    text = type_of(program, ref, receiver) if receiver is not None else ""
    plain = base_type(text.removesuffix(".Type"))
    if not plain or plain in ("id", "Any", "AnyObject", "T"):
        return False if spelling.api.distinctive else None
    if plain == spelling.receiver or plain.rpartition(".")[2] == spelling.receiver:
        return True
    return True if conforms(program, plain, spelling.receiver) else None
