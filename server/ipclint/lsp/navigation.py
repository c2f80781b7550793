"""From a call to the protocol to the exported method and back, across processes and languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types

from ipclint.lsp.view import View, name_place
from ipclint.model.facts import Function
from ipclint.model.finding import Place
from ipclint.model.ir import Call
from ipclint.program import messages
from ipclint.program.link import calls_in
from ipclint.program.names import swift_base_names
from ipclint.program.program import UnitRef

_WORD = re.compile(rb"\w+")


def definition(view: View, offset: int) -> list[types.Location]:
    """The protocol's method behind a call or an exported method."""
    return _locations(view, (name_place(view.program, ref) for ref in messages_at(view, offset)))


def implementation(view: View, offset: int) -> list[types.Location]:
    """The exported methods that answer a call or a protocol's method."""
    found = (ref for message in messages_at(view, offset) for ref in messages.implementations(view.program, message))
    return _locations(view, (name_place(view.program, ref) for ref in found))


def references(view: View, offset: int, declared: bool) -> list[types.Location]:
    """The calls that send a message; with the protocol's method and those that implement it when `declared`."""
    places: list[Place] = []
    for message in messages_at(view, offset):
        if declared:
            sides = (message, *messages.implementations(view.program, message))
            places += [name_place(view.program, ref) for ref in sides]
        places += [_name_of(site.caller, site.call) for site in messages.calls(view.program, message)]
    return _locations(view, places)


def messages_at(view: View, offset: int) -> tuple[UnitRef, ...]:
    """The messages that the word at a byte offset names: in a declaration's head, or in a call."""
    word, ref = _word_at(view.lines.data, offset), view.unit_at(offset)
    if not word or ref is None:
        return ()
    unit, at = view.program.unit(ref), offset - view.session.extent(ref).start
    if isinstance(unit, Function) and (at < unit.body_start or not unit.body):
        return messages.requirements_of(view.program, ref) if _names(unit.name, word) else ()
    call = _call_at(view, ref, at, word)
    return messages.sent_by(view.program, ref, call) if call is not None else ()


def words_of(view: View, offset: int) -> tuple[bytes, ...]:
    """The words that a file holds when it sends the message at a byte offset: each spelling of its first part."""
    functions = (view.program.function(message) for message in messages_at(view, offset))
    return tuple(
        word.encode()
        for function in functions
        if function is not None
        for word in swift_base_names(function.selector or function.name)
    )


def _call_at(view: View, ref: UnitRef, at: int, word: str) -> Call | None:
    """The innermost call whose name, or a part of its selector, stands at a place relative to the unit."""
    calls = [
        call
        for call in calls_in(view.program, ref)
        if call.name_start <= at <= call.end
        and _names(call.name, word)
        and not any(argument.start <= at < argument.end for argument in call.args)
    ]
    return min(calls, key=lambda call: call.end - call.start, default=None)


def _names(name: str, word: str) -> bool:
    return word in name.split(":")


def _word_at(data: bytes, offset: int) -> str:
    """The identifier at or right before an offset; "" for none."""
    start = offset
    while start > 0 and offset - start < 256 and _WORD.match(data, start - 1, start):
        start -= 1
    found = _WORD.match(data, start, offset + 256)
    return found[0].decode() if found is not None else ""


def _name_of(ref: UnitRef, call: Call) -> Place:
    return Place(ref.path, ref.key, call.name_start, call.name_end)


def _locations(view: View, places: Iterable[Place]) -> list[types.Location]:
    return [view.location(place) for place in dict.fromkeys(places)]
