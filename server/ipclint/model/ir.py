"""The body IR: one small tree for Swift, Objective-C and C, spans kept.

Readers lower both syntaxes to these nodes; everything above reads nothing else. A node's `start` and `end` are byte
offsets relative to the start of the unit that holds it, so an edit above a unit changes none of its nodes.
Unknown syntax becomes `Opaque` with its children: nothing is dropped, nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import msgspec


class Node(msgspec.Struct, frozen=True, gc=False, array_like=True, tag_field="node"):
    """`start` (inclusive) and `end` (exclusive) in bytes from the start of the enclosing unit."""

    start: int
    end: int


# ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Name(Node, tag=1, frozen=True):
    """An identifier: a local, a property used without `self`, a type, a global; also `self` and `super`."""

    text: str


class Literal(Node, tag=2, frozen=True):
    """A number, boolean, nil or selector.

    `kind` is "int", "float", "bool", "nil", "selector" (`text` is the selector, `#selector(a.b(c:))` gives its source
    text) or "class" (`[Foo class]`, `Foo.self`: `text` is the type's name). Booleans read "true"/"false" in every
    language (YES, NO, TRUE, FALSE, 1-bit C `true`), nil reads "nil" (nil, NULL, Nil, nullptr).
    """

    kind: str
    text: str


class Text(Node, tag=3, frozen=True):
    """A string literal without holes; `value` is unescaped. Adjacent C literals are one Text."""

    value: str


class Interpolation(Node, tag=4, frozen=True):
    """A Swift string with holes, or literals of C around macros (Names): Text and expressions in source order."""

    parts: tuple[Expr, ...]


class Member(Node, tag=5, frozen=True):
    """`base.name`, `base?.name`, `base->name`; `base` is None in an implicit member (`.general`).

    A message without argument that reads like a property (`[UIPasteboard generalPasteboard]`) is a Call, not a Member.
    """

    base: Expr | None
    name: str
    name_start: int


class Call(Node, tag=6, frozen=True):
    """A call in any spelling.

    | source | target | name | labels |
    |---|---|---|---|
    | `f(x)` | None | `f` | ("",) |
    | `c.decodeObject(forKey: k)` | Name c | `decodeObject` | ("forKey",) |
    | `[c decodeObjectForKey:k]` | Name c | `decodeObjectForKey:` | ("",) |
    | `Foo(bar: 1)` | None | `Foo` | ("bar",) |
    | `.init(x)` | None | `.init` | ("",) |
    | `[[Foo alloc] init]` | Call alloc on Name Foo | `init` | () |
    | `open(u) { ok in }` | None | `open` | ("", "{") |
    | `handlers[i](x)` | Subscript | `` | ("",) |

    The label of a first trailing closure is "{"; a further trailing closure keeps its label. In an Objective-C message
    every label is "" and variadic arguments follow. `name_start` is where the name begins (of the first selector part).
    """

    target: Expr | None
    name: str
    labels: tuple[str, ...]
    args: tuple[Expr, ...]
    name_start: int

    @property
    def signature(self) -> str:
        """`decodeObject(forKey:)` in Swift and C (`f(_:)`), the selector itself in Objective-C
        (`decodeObjectForKey:`).
        """
        if ":" in self.name:
            return self.name
        return f"{self.name}({''.join((label if label not in ('', '{') else '_') + ':' for label in self.labels)})"

    @property
    def name_end(self) -> int:
        """Where the name (of the first selector part) ends, in bytes like `name_start`."""
        return self.name_start + len(self.name.partition(":")[0].encode())


class Subscript(Node, tag=7, frozen=True):
    base: Expr
    args: tuple[Expr, ...]


class Operator(Node, tag=8, frozen=True):
    """A prefix, infix or postfix operator, re-associated by the language's precedence.

    `op` is the operator's text; further: "?:" (condition, then, else), "try", "try?", "try!", "await", "unwrap"
    (postfix `!`), "&" prefix as "address", "*" prefix as "dereference", `??`, "..." and "..<".
    """

    op: str
    operands: tuple[Expr, ...]


class Assign(Node, tag=9, frozen=True):
    """`target op value`; `op` is "=", "+=", … ; an expression in C, a statement in Swift."""

    target: Expr
    op: str
    value: Expr


class Cast(Node, tag=10, frozen=True):
    """`op` is "as", "as?", "as!", "is" or "c" (a C cast, bridging casts included); `type` is the type's source text."""

    op: str
    value: Expr
    type: str


class Param(Node, tag=11, frozen=True):
    """A parameter: outside label ("" for `_` and C), inside name ("" when unnamed), type's source text ("" if
    unknown).
    """

    label: str
    name: str
    type: str
    default: Expr | None = None


class Closure(Node, tag=12, frozen=True):
    """A closure or block; `captures` are the names in its capture list. Shorthand `$0` stays a Name."""

    params: tuple[Param, ...]
    captures: tuple[str, ...]
    body: Block
    body_start: int


class Collection(Node, tag=13, frozen=True):
    """`kind` is "array", "dictionary" (items alternate key, value) or "tuple"; also C initialiser lists (array)."""

    kind: str
    items: tuple[Expr, ...]


class Availability(Node, tag=14, frozen=True):
    """`#available(macOS 13, *)`, `@available(macOS 13.0, *)`; `negated` for `#unavailable`. Versions as written."""

    platforms: tuple[tuple[str, str], ...]
    negated: bool = False


class Opaque(Node, tag=15, frozen=True):
    """Syntax that has no node of its own; `kind` is the grammar's name for it, `kids` may be expressions or
    statements.
    """

    kind: str
    kids: tuple[Expr | Stmt, ...]


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Let(Node, tag=30, frozen=True):
    """A local declaration, one a name (`let (a, b) = f()` has two names); also the binding of `if let` and `case let`.

    `type` is the source text, "" when inferred; Objective-C and C types keep their stars (`NSString *`).
    """

    names: tuple[str, ...]
    type: str
    value: Expr | None
    mutable: bool


class Evaluate(Node, tag=31, frozen=True):
    """An expression as a statement. `discarded` when written `_ = e` or `(void)e`."""

    value: Expr
    discarded: bool = False


class If(Node, tag=32, frozen=True):
    """`conditions` hold all together; each is an expression or a Let (`if let`, `if case let`)."""

    conditions: tuple[Expr | Let, ...]
    then: Block
    otherwise: Block


class Guard(Node, tag=33, frozen=True):
    conditions: tuple[Expr | Let, ...]
    otherwise: Block


class Case(Node, tag=34, frozen=True):
    """`patterns` empty means default; `binds` are the names a pattern binds. C cases fall through unless they leave."""

    patterns: tuple[Expr, ...]
    binds: tuple[str, ...]
    where: Expr | None
    body: Block


class Switch(Node, tag=35, frozen=True):
    subject: Expr
    cases: tuple[Case, ...]
    falls_through: bool  # C and Objective-C


class Loop(Node, tag=36, frozen=True):
    """`kind` is "for-in", "for" (C), "while" or "repeat". `header` holds the conditions, or the C init/test/step.

    `type` is the type that Objective-C declares for what it binds; "" where that says nothing (`id`, `auto`).
    """

    kind: str
    binds: tuple[str, ...]
    sequence: Expr | None
    header: tuple[Expr | Stmt, ...]
    body: Block
    type: str = ""


class Return(Node, tag=37, frozen=True):
    value: Expr | None


class Throw(Node, tag=38, frozen=True):
    value: Expr | None


class Jump(Node, tag=39, frozen=True):
    """`kind` is "break", "continue", "goto" or "fallthrough"; `label` may be ""."""

    kind: str
    label: str


class Label(Node, tag=40, frozen=True):
    """A C label; the statement it labels follows as the next one."""

    name: str


class Defer(Node, tag=41, frozen=True):
    body: Block


class Catch(Node, tag=42, frozen=True):
    bind: str
    type: str
    body: Block


class Do(Node, tag=43, frozen=True):
    """`do`/`catch`, `@try`/`@catch`/`@finally`, and bare braces (no catches, no `lastly`)."""

    body: Block
    catches: tuple[Catch, ...]
    lastly: Block = ()


class Conditional(Node, tag=44, frozen=True):
    """`#if`/`#elseif`/`#else`: (condition text, body) in order; the condition of `#else` is ""."""

    clauses: tuple[tuple[str, Block], ...]


class Local(Node, tag=45, frozen=True):
    """A function declared inside a body."""

    name: str
    params: tuple[Param, ...]
    body: Block


Expr = (
    Name
    | Literal
    | Text
    | Interpolation
    | Member
    | Call
    | Subscript
    | Operator
    | Assign
    | Cast
    | Closure
    | Collection
    | Availability
    | Opaque
)
Stmt = Let | Evaluate | If | Guard | Switch | Loop | Return | Throw | Jump | Label | Defer | Do | Conditional | Local
Block = tuple[Stmt, ...]

_encoder = msgspec.msgpack.Encoder()
_block_decoder: msgspec.msgpack.Decoder[Block] | None = None


def encode_block(block: Block) -> bytes:
    """The block as msgpack; equal blocks give equal bytes."""
    return _encoder.encode(block)


def decode_block(data: bytes) -> Block:
    """The inverse of `encode_block`; `b""` (no body) gives the empty block."""
    global _block_decoder
    if not data:
        return ()
    if _block_decoder is None:  # built on first use: building the typed decoder costs milliseconds at import
        _block_decoder = msgspec.msgpack.Decoder(Block)
    return _block_decoder.decode(data)


_HOLDS_NODES = re.compile(r"\b(?:Expr|Stmt|Block|Let|Case|Catch|Param)\b")


@cache
def _holders(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a kind of node that hold nodes."""
    types = kind.__annotations__
    return tuple(name for name in kind.__struct_fields__ if _HOLDS_NODES.search(str(types.get(name, ""))))


def children(node: Node) -> list[Node]:
    """The direct child nodes in source order; clauses of a Conditional are flattened."""
    found: list[Node] = []
    for name in _holders(type(node)):
        value = getattr(node, name)
        if isinstance(value, tuple):
            _collect(value, found)  # pyright: ignore[reportUnknownArgumentType]
        elif value is not None:
            found.append(value)
    return found


def _collect(values: tuple[object, ...], found: list[Node]) -> None:
    for value in values:
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            _collect(value, found)  # pyright: ignore[reportUnknownArgumentType]


def walk(root: Node | Block) -> Iterator[Node]:
    """Every node below `root`, itself included, depth first in source order; closures and local functions too."""
    stack: list[Node] = list(reversed(root)) if isinstance(root, tuple) else [root]
    while stack:
        node = stack.pop()
        yield node
        below = children(node)
        below.reverse()
        stack += below
