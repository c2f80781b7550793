"""JSON-RPC as the protocol wants it: what is malformed, too early or too late gets its error code, and nothing stops.

pygls structures, dispatches and answers well-formed messages. This class stands before it: pygls itself leaves a
request with wrong parameters without an answer, takes requests before `initialize`, and keeps a copy of each document
that costs 70 to 130 ms a keystroke at 11,000 lines (`documents` keeps the only one).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator
from typing import Any

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method

from ipclint.lsp.transport import BadFrame

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
NOT_INITIALIZED = -32002

logger = logging.getLogger(__name__)


class Protocol(LanguageServerProtocol):
    """`finish` is called with the exit code when the client says `exit`."""

    finish: Callable[[int], None]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._initialized = False

    def receive(self, body: bytes | BadFrame) -> None:
        """Handles one message. Never raises for what a client can send."""
        if isinstance(body, BadFrame):
            self._refuse(None, INVALID_REQUEST, str(body))
            return
        try:
            message = json.loads(body.decode())
        except (ValueError, RecursionError) as error:
            self._refuse(None, PARSE_ERROR, f"the message is not JSON: {error}")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self._refuse(None, INVALID_REQUEST, 'a message is an object with "jsonrpc": "2.0"')
            return
        self._accept(message)

    def _accept(self, message: dict[str, Any]) -> None:
        identifier, method = message.get("id"), message.get("method")
        if "method" not in message:
            self._accept_response(message)
        elif not isinstance(method, str) or not (identifier is None or _is_id(identifier)):
            named = identifier if _is_id(identifier) else None
            self._refuse(named, INVALID_REQUEST, "method must be a string, and id a string or an integer")
        elif not self._is_timely(method, identifier):
            return
        else:
            self._dispatch(message, method, identifier)

    def _is_timely(self, method: str, identifier: str | int | None) -> bool:
        """Whether a message may come now; a request that may not is refused."""
        if method == types.EXIT:
            return True
        if method == types.INITIALIZE:
            if not self._initialized:
                return True
            problem = INVALID_REQUEST, "initialize was sent before"
        elif not self._initialized:
            problem = NOT_INITIALIZED, "initialize must come first"
        elif self._shutdown:
            problem = INVALID_REQUEST, "the server was shut down"
        else:
            return True
        if identifier is not None:
            self._refuse(identifier, *problem)
        return False

    def _dispatch(self, message: dict[str, Any], method: str, identifier: str | int | None) -> None:
        if method not in self.fm.features and method not in self.fm.builtin_features and method != types.CANCEL_REQUEST:
            if identifier is not None:
                self._refuse(identifier, METHOD_NOT_FOUND, f"{method} is not offered")
            return
        kind = self.get_message_type(method)
        if kind is None:
            message.setdefault("params", None)  # which a request of our own may do without
        if kind is not None and kind.__name__.endswith("Request") != (identifier is not None):
            self._refuse(identifier, INVALID_REQUEST, f"{method}: a request has an id, a notification has none")
            return
        try:
            structured = self._converter.structure(message, kind or self._untyped(identifier))
        except Exception as error:
            self._refuse(identifier, INVALID_PARAMS, f"{method}: {_explain(error)}")
            return
        self._initialized |= method == types.INITIALIZE
        self.handle_message(structured)

    @staticmethod
    def _untyped(identifier: str | int | None) -> type[JsonRPCRequestMessage | JsonRPCNotification]:
        return JsonRPCNotification if identifier is None else JsonRPCRequestMessage

    def _accept_response(self, message: dict[str, Any]) -> None:
        identifier = message.get("id")
        if not _is_id(identifier) or identifier not in self._request_futures:
            logger.info("an answer to nothing that was asked: %r", identifier)
            return
        try:
            structured: Any = self.structure_message(message)
            self.handle_message(structured)
        except Exception as error:
            logger.warning("the client's answer to %r cannot be read: %s", identifier, _explain(error))
            if future := self._request_futures.pop(identifier, None):
                future.cancel()

    def _refuse(self, identifier: str | int | None, code: int, text: str) -> None:
        """Answers with an error; a notification has nobody to answer, so its error goes to the log."""
        logger.warning("%s", text)
        if identifier is not None or code in (PARSE_ERROR, INVALID_REQUEST):
            self._send_data({"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": text}})

    def _execute_handler(
        self, msg_id: Any, handler: Any, callback: Callable[[Any], None], args: Any = None, kwargs: Any = None
    ) -> None:
        """pygls forgets a request when it is answered; what it keeps of a notification it would keep for ever."""

        def ended(future: object) -> None:
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, ended, args, kwargs)

    # ── what pygls would do itself ───────────────────────────────────────────────────────────────────────────────────

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *arguments: Any) -> Generator[Any, Any, None]:
        """Calls off what is under way: pygls goes through the table of it while what ends removes itself from there."""
        for identifier, future in list(self._request_futures.items()):
            if identifier != self.msg_id and not future.done():
                future.cancel()
        yield from super().lsp_shutdown(*arguments)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> Generator[Any, Any, None]:
        self.finish(0 if self._shutdown else 1)
        yield from ()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _explain(error: Exception) -> str:
    """What a client's author needs: which field is wrong and why."""
    try:
        return "; ".join(cattrs.transform_error(error))
    except Exception:
        return str(error)


def brief(record: logging.LogRecord) -> bool:
    """A filter for the log of pygls: a request that was refused as the protocol has it is no failure to be traced."""
    if record.exc_info and isinstance(record.exc_info[1], JsonRpcException):
        record.msg, record.args = "%s: %s", (record.getMessage(), record.exc_info[1])
        record.exc_info = None
    return True
