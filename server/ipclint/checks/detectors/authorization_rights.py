"""XPC114: which right a helper asks for on behalf of a client, and whether it asks to obtain it."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.around import given, origins
from ipclint.model.facts import Function
from ipclint.model.ir import (
    Assign,
    Call,
    Collection,
    Expr,
    Let,
    Literal,
    Member,
    Name,
    Operator,
    Subscript,
    walk,
)
from ipclint.program.link import callers, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import is_exported

EXTEND = frozenset({"kAuthorizationFlagExtendRights", "extendRights", "ExtendRights"})
_FLAGS = frozenset(
    {"kAuthorizationFlagDefaults", "kAuthorizationFlagInteractionAllowed", "kAuthorizationFlagPreAuthorize",
     "kAuthorizationFlagPartialRights", "kAuthorizationFlagDestroyRights", "kAuthorizationFlagNoData",
     "interactionAllowed", "preAuthorize", "partialRights", "destroyRights", "AuthorizationFlags"}
)  # fmt: skip
_SPELLS = frozenset({"UTF8String", "utf8String", "cString", "cStringUsingEncoding:", "String", "NSString"})
"""What gives the same text in another form."""


def names_of_rights(program: Program, ref: UnitRef) -> Iterator[Expr]:
    """The expressions that become the name of an AuthorizationItem in a function.

    That of `AuthorizationItem(name:valueLength:value:flags:)` is an argument, which TAINT111 follows data to.
    """
    for node in walk(program.body(ref)):
        match node:
            case Let(type=type, value=Collection(items=(first, *_))) if "AuthorizationItem" in type:
                yield from _names_in(first)
            case Assign(target=Member(base=base, name="name"), value=value) if base is not None:
                if "AuthorizationItem" in type_of(program, ref, base):
                    yield value
            case _:
                pass


def _names_in(first: Expr) -> Iterator[Expr]:
    """The name in `{name, 0, NULL, 0}`, and in each of `{{name, …}, …}`."""
    yield first.items[0] if isinstance(first, Collection) and first.items else first


def chosen_by_client(program: Program, ref: UnitRef, unit: Function, name: Expr) -> str:
    """The parameter or message field by which a client says what a right is called; "" when the helper says it.

    A look-up in a table of the helper's own is no choice of the client's.
    """
    texts = {param.name for param in unit.params if "String" in param.type or "char" in param.type}
    for node in origins(program, ref, name):
        if isinstance(node, Call) and node.name == "xpc_dictionary_get_string":
            return "a field of the message"
        if isinstance(node, Subscript) or (isinstance(node, Call) and node.name not in _SPELLS):
            return ""
        if isinstance(node, Name) and node.text in texts and _comes_from_client(program, ref, unit, node.text):
            return node.text
    return ""


def _comes_from_client(program: Program, ref: UnitRef, unit: Function, name: str) -> bool:
    """Whether a parameter is one of a message, here or in the exported method that hands it on."""
    if is_exported(program, ref):
        return True
    number = next(number for number, param in enumerate(unit.params) if param.name == name)
    for site in callers(program, ref):
        arg = site.call.args[number] if number < len(site.call.args) else None
        caller = program.function(site.caller)
        if isinstance(arg, Name) and caller is not None and is_exported(program, site.caller):
            if any(param.name == arg.text for param in caller.params):
                return True
    return False


def only_looks(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether AuthorizationCopyRights is called with known flags, and none of them asks to obtain the right."""
    flags = call.args[3] if len(call.args) > 3 else None
    if flags is None:
        return False
    values = (flags, *given(program, ref).get(flags.text, ())) if isinstance(flags, Name) else (flags,)
    words: set[str] = set()
    for value in values:
        for node in walk(value):
            if isinstance(node, Name | Member | Call):
                words.add(node.text if isinstance(node, Name) else node.name)
            elif not isinstance(node, Collection | Operator | Literal):
                return False
    known = words - ({flags.text} if isinstance(flags, Name) and len(values) > 1 else set[str]())
    return not words & EXTEND and known <= _FLAGS


def flags_of(program: Program, ref: UnitRef, call: Call) -> Expr:
    """Where the flags of a call are written: its argument, or the one value of the local that stands there."""
    flags = call.args[3]
    values = given(program, ref).get(flags.text, ()) if isinstance(flags, Name) else ()
    return values[0] if len(values) == 1 else flags
