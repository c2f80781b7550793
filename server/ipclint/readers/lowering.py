"""What the Swift and the Objective-C reader share: handler tables by node kind, text and spans, opaque fallback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from tree_sitter import Language, Node

from ipclint.model.facts import Function, SourceFacts, Unit
from ipclint.model.ir import Block, Evaluate, Expr, Opaque, Stmt
from ipclint.model.source import Span
from ipclint.readers.kept import Kept

ERROR = 0xFFFF
"""The kind id of syntax the grammar could not read."""

MAX_DEPTH = 100
"""How deep expressions and statements are followed. Below it a node is an Opaque without kids, which keeps hostile
nesting away from Python's recursion limit (a level costs four to six frames)."""

BROKEN = (IndexError, ValueError)
"""What a handler may let through when a node lacks parts that its kind promises, as in code with syntax errors.

The node becomes an Opaque without kids: to lower them a second time, level for level, would cost two to the power of
the depth.
"""

IDENTIFIER = re.compile(r"[^\W\d]\w*")

C = TypeVar("C", bound="Context")
ExpressionHandler = Callable[[Node, C], Expr]
StatementHandler = Callable[[Node, C], Sequence[Stmt]]


class Grammar(Generic[C]):
    """A tree-sitter language with one handler a node kind, indexed by kind id; `C` is the reader's own Context.

    `expressions` always has a handler (`opaque` by default); `statements` holds None where a kind is an expression.
    `silent` are the kinds that lower to nothing: comments, and what a reader adds. `tolerated` are the kinds that the
    grammar makes up without there being an error. `mask_reach` is how many bytes before its line and after it a change
    can alter what the reader's `mask` does; 0 when that is not bounded.
    """

    def __init__(
        self, language: Language, silent: Iterable[str], tolerated: Iterable[str] = (), mask_reach: int = 0
    ) -> None:
        self.language = language
        self.ids: dict[str, tuple[int, ...]] = {}
        for kind in range(language.node_kind_count):
            name = language.node_kind_for_id(kind) or ""
            self.ids[name] = (*self.ids.get(name, ()), kind)
        self.ids["ERROR"] = (ERROR,)
        self.silent = self.kinds(*silent)
        self.tolerated = self.kinds(*tolerated)
        self.mask_reach = mask_reach
        self.expressions: list[ExpressionHandler[C]] = [opaque] * (ERROR + 1)
        self.statements: list[StatementHandler[C] | None] = [None] * (ERROR + 1)

    def kinds(self, *names: str) -> frozenset[int]:
        """The ids of node kinds, for tests like `node.kind_id in CALLS`. Raises KeyError on a kind it does not know."""
        return frozenset(kind for name in names for kind in self.ids[name])

    def lowers(self, *names: str) -> Callable[[ExpressionHandler[C]], ExpressionHandler[C]]:
        """Registers a function as the handler that makes an expression of these kinds."""

        def register(handler: ExpressionHandler[C]) -> ExpressionHandler[C]:
            for kind in self.kinds(*names):
                self.expressions[kind] = handler
            return handler

        return register

    def executes(self, *names: str) -> Callable[[StatementHandler[C]], StatementHandler[C]]:
        """Registers a function as the handler that makes statements (none, one or more) of these kinds."""

        def register(handler: StatementHandler[C]) -> StatementHandler[C]:
            for kind in self.kinds(*names):
                self.statements[kind] = handler
            return handler

        return register


class Context:
    """The unit being lowered: spans are relative to `base`, names go to `mentions`.

    `source` is the file decoded as latin-1, so that a character is a byte; `text` repairs what is not ASCII.
    """

    __slots__ = ("_expressions", "_statements", "base", "depth", "grammar", "mentions", "source")

    def __init__(self, grammar: Grammar[Any], source: str, base: int) -> None:
        self.grammar = grammar
        self._expressions = grammar.expressions
        self._statements = grammar.statements
        self.source = source
        self.base = base
        self.depth = 0
        self.mentions: set[str] = set()

    def text(self, node: Node) -> str:
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        """The text between two absolute byte offsets."""
        raw = self.source[start:end]
        return raw if raw.isascii() else raw.encode("latin-1").decode("utf-8", "replace")

    def span(self, node: Node) -> Span:
        """The node's bytes relative to the unit."""
        return Span(node.start_byte - self.base, node.end_byte - self.base)

    def bounds(self, node: Node) -> tuple[int, int]:
        """As `span`, for a Node's first two fields; three times as fast."""
        return node.start_byte - self.base, node.end_byte - self.base

    def name(self, node: Node) -> str:
        """The node's text, noted as mentioned."""
        text = self.text(node)
        self.mentions.add(text)
        return text

    def type_text(self, node: Node | None) -> str:
        """The source text of a type on one line ("" for None); the identifiers in it are noted as mentioned."""
        return self.type_slice(node.start_byte, node.end_byte) if node else ""

    def type_slice(self, start: int, end: int) -> str:
        """As `type_text`, for what stands between two absolute byte offsets."""
        text = " ".join(self.slice(start, end).split())
        self.mentions.update(IDENTIFIER.findall(text))
        return text

    def kids(self, node: Node) -> list[Node]:
        """The named children without comments and other silent kinds."""
        silent = self.grammar.silent
        return [kid for kid in node.named_children if kid.kind_id not in silent]

    def expr(self, node: Node) -> Expr:
        """Lowers a node to an expression."""
        depth = self.depth
        if depth >= MAX_DEPTH:
            return self._bare(node)
        self.depth = depth + 1
        try:
            lowered = self._expressions[node.kind_id](node, self)
        except BROKEN:
            lowered = self._bare(node)
        self.depth = depth
        return lowered

    @contextmanager
    def deeper(self, levels: int) -> Iterator[None]:
        """What is lowered within stands this many levels below, though no call of a handler says so."""
        depth = self.depth
        self.depth = depth + levels
        try:
            yield
        finally:
            self.depth = depth

    def _bare(self, node: Node) -> Expr:
        return Opaque(node.start_byte - self.base, node.end_byte - self.base, node.type, ())

    def exprs(self, nodes: Iterable[Node]) -> tuple[Expr, ...]:
        return tuple([self.expr(node) for node in nodes])

    def statements(self, node: Node) -> Sequence[Stmt]:
        """Lowers a node to statements; one that is no statement of its own becomes an Evaluate."""
        kind = node.kind_id
        handler = self._statements[kind]
        if handler is None and kind in self.grammar.silent:
            return ()
        depth = self.depth
        if handler is None or depth >= MAX_DEPTH:
            value = self.expr(node)
            return (Evaluate(value.start, value.end, value),)
        self.depth = depth + 1
        try:
            lowered = handler(node, self)
        except BROKEN:
            value = self._bare(node)
            lowered = (Evaluate(value.start, value.end, value),)
        self.depth = depth
        return lowered

    def block(self, nodes: Iterable[Node]) -> Block:
        """Lowers nodes that stand one after the other."""
        out: list[Stmt] = []
        for node in nodes:
            out += self.statements(node)
        return tuple(out)


def opaque(node: Node, context: Context) -> Expr:
    """Syntax without a handler: its children are kept, statements as statements."""
    kids: list[Expr | Stmt] = []
    for kid in context.kids(node):
        if context.grammar.statements[kid.kind_id] is None:
            kids.append(context.expr(kid))
        else:
            kids += context.statements(kid)
    return Opaque(node.start_byte - context.base, node.end_byte - context.base, node.type, tuple(kids))


def keyed(found: Iterable[tuple[int, int, str, Unit]]) -> tuple[dict[str, Unit], dict[str, Span]]:
    """Units by key, and their absolute bytes, in source order; the key of the second of a name ends in `#2`."""
    units: dict[str, Unit] = {}
    extents: dict[str, Span] = {}
    times: dict[str, int] = {}
    for start, end, name, unit in sorted(found, key=lambda entry: entry[:2]):
        times[name] = times.get(name, 0) + 1
        key = name if times[name] == 1 else f"{name}#{times[name]}"
        units[key] = unit
        extents[key] = Span(start, end)
    return units, extents


def error_spans(root: Node, tolerated: frozenset[int] = frozenset()) -> tuple[Span, ...]:
    """The absolute bytes of errors and of tokens the parser made up (empty spans), in source order, outermost only."""
    found: list[Span] = []
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.is_error or (node.is_missing and node.kind_id not in tolerated):
            found.append(Span(node.start_byte, node.end_byte))
        else:
            stack.extend(kid for kid in reversed(node.children) if kid.has_error or kid.is_missing)
    return tuple(found)


class SourceReader(Protocol):
    """What `readers.tree` needs of the module that reads a language; `readers.swift` and `readers.objc` are two."""

    GRAMMAR: Grammar[Any]

    @staticmethod
    def mask(data: bytes) -> bytes:
        """The bytes to parse: as many as given, macros that the grammar does not know blanked out."""
        ...

    @staticmethod
    def read_tree(path: str, data: bytes, root: Node, kept: Kept | None = None) -> SourceFacts:
        """All facts of a file from its tree. `data` are the bytes as written, not the masked ones.

        Functions that are `kept` may be taken over instead of being lowered again.
        """
        ...

    @staticmethod
    def reread_function(unit: Function, node: Node, source: str, base: int) -> Function | None:
        """`unit` after an edit inside its body.

        `node` is the outermost named node whose bytes are exactly those of the unit (which begins at byte `base`),
        `source` the whole file as latin-1. None when the node is no longer such a function, or when anything but
        `body` and `mentions` differs: the caller then reads the whole file.
        """
        ...
