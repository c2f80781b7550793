"""The server's command behind a code lens: tells what stands at a boundary, and opens the place that is chosen.

For clients that have no command of their own to show locations with.
"""

from __future__ import annotations

from typing import Any, TypedDict

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ipclint.engine.boundaries import boundaries
from ipclint.lsp.asking import answer
from ipclint.lsp.lenses import Lens, found_in
from ipclint.lsp.server import Server
from ipclint.lsp.view import View
from ipclint.lsp.wording import details

MAX_CHOICES = 8


class Shown(TypedDict):
    """The result of the command: a text of several lines, and the places it tells of."""

    text: str
    locations: list[types.Location]


async def show_endpoint(ls: Server, *arguments: Any) -> Shown | None:
    """`[uri, name of the lens]`; None when there is no such lens (any more)."""
    if len(arguments) != 2 or not all(isinstance(each, str) for each in arguments):
        return None
    uri, name = arguments

    def told(view: View) -> tuple[Shown, list[str]] | None:
        lens = next((each for each in found_in(view) if each.name == name), None)
        if lens is None:
            return None
        names = [view.shown(place) for place in lens.others]
        return Shown(text=_text(view, lens), locations=[view.location(place) for place in lens.others]), names

    found = await answer(ls, uri, told, None)
    if found is None:
        return None
    shown, names = found
    ls.start(_show(ls, shown, names))  # the command is answered at once, whatever the user chooses and when
    return shown


def _text(view: View, lens: Lens) -> str:
    found = [each for each in boundaries(view.program) if lens.boundary is not None and each.place == lens.boundary]
    return "\n".join(line for boundary in found for line in details(view, boundary)) or lens.text


async def _show(ls: Server, shown: Shown, names: list[str]) -> None:
    """The text as a message; with a button for each place where the client has such messages and can open a place."""
    client = ls.client
    if not (names and client.offers_choices and client.shows_documents):
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, shown["text"]))
        return
    choices = [types.MessageActionItem(name) for name in dict.fromkeys(names[:MAX_CHOICES])]
    try:
        chosen = await ls.window_show_message_request_async(
            types.ShowMessageRequestParams(types.MessageType.Info, shown["text"], choices)
        )
        if chosen is not None and chosen.title in names:
            location = shown["locations"][names.index(chosen.title)]
            await ls.window_show_document_async(
                types.ShowDocumentParams(location.uri, take_focus=True, selection=location.range)
            )
    except JsonRpcException:
        return  # the client knows better
