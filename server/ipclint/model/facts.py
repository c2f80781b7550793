"""What is known of one file: its units (declarations with their bodies), or its property list, or its project.

Facts know no rule. They are frozen, deterministic and serialisable; the cache key is content hash + reader version.

A *unit* is a declaration. Its value holds no absolute position: node spans and name spans are relative to the unit's
start, and `SourceFacts.extents` says where each unit stands in the file. So an edit changes the value of the unit it
touches and only the extents of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf

import msgspec

from ipclint.model.ir import Block, Expr, Param, decode_block
from ipclint.model.source import Span

Language = OneOf["swift", "objc", "c"]  # "objc" covers .m, .mm and headers; "c" is .c alone

TypeKind = OneOf["class", "struct", "enum", "actor", "protocol", "extension", "interface", "implementation", "category"]
"""`interface` is an @interface, `implementation` an @implementation; `category` is either with a category name
(class extensions too: `category` with an empty category name)."""

FunctionKind = OneOf["function", "method", "initializer", "deinitializer", "getter", "setter", "observer", "toplevel"]
"""`toplevel` is the loose code of a Swift main file; `observer` is willSet/didSet; initial values are in Variable."""


class Struct(msgspec.Struct, frozen=True, gc=False, array_like=True, tag_field="unit"):
    """Base of every fact: immutable, encoded as an array."""


class Type(Struct, tag=1, frozen=True):
    """A declaration of a type, or one that adds to it (extension, category, @implementation).

    Example: `class A: NSObject, B` in `enum Outer` has name "A", qualified "Outer.A", inherits ("NSObject", "B").
    In Objective-C the superclass comes first in `inherits` (if there is one) and `superclass` repeats it.
    """

    name: str
    qualified: str  # dotted through enclosing types; equals `name` at file level
    kind: TypeKind
    superclass: str  # Objective-C only; Swift cannot tell a superclass from a protocol without linking
    inherits: tuple[str, ...]  # source text without generic arguments; suppressed (`~Copyable`) ones left out
    category: str  # Objective-C category name
    attributes: tuple[str, ...]  # "@objc(Name)", "@main", "@objcMembers", …
    modifiers: tuple[str, ...]  # "public", "final", …
    conditions: tuple[str, ...]  # enclosing #if conditions, outermost first; "!(X)" in an #else
    cases: tuple[EnumCase, ...]  # Swift enum cases
    name_span: Span
    inherits_span: Span  # the inheritance clause without its colon or brackets; empty and after the name when absent
    body_start: int  # just after `{`, or after the @interface/@implementation header (its ivar block included)
    generics: tuple[str, ...] = ()


class EnumCase(Struct, tag=2, frozen=True):
    name: str
    value: str | None  # raw value as folded text when literal
    span: Span = Span(0, 0)  # its name, or its raw value when it has one; in bytes from the start of the type


class Function(Struct, tag=3, frozen=True):
    """A function, method, initialiser or accessor; a declaration without body (protocol, @interface) has `body` b"".

    `name` and `labels` spell Swift; `selector` spells Objective-C. Readers fill the native spelling and derive the
    other by the importer's rules where they are certain ("" otherwise):
    `listener(_:shouldAcceptNewConnection:)` ↔ `listener:shouldAcceptNewConnection:`.
    """

    name: str  # Swift base name ("init" for initialisers), or the full selector in Objective-C, or the C name
    labels: tuple[str, ...]  # "" for `_`
    selector: str
    kind: FunctionKind
    owner: str  # qualified name of the enclosing type, "" at file level
    params: tuple[Param, ...]
    returns: str  # type source text, "" for none or unknown
    is_static: bool
    modifiers: tuple[str, ...]  # "override", "required", "private", "async", "throws", "optional", "failable"…
    attributes: tuple[str, ...]
    conditions: tuple[str, ...]
    availability: tuple[tuple[str, str], ...]  # of @available(macOS 13, *)
    mentions: tuple[str, ...]  # sorted: every identifier, member and selector (also its first part) the unit names
    name_span: Span
    body_start: int  # just after `{`; 0 without body
    body: bytes  # ir.encode_block

    @property
    def signature(self) -> str:
        """`init(coder:)`, `f(_:)` in Swift and C; the selector in Objective-C (`initWithCoder:`)."""
        if ":" in self.name or self.selector == self.name:
            return self.name
        return f"{self.name}({''.join((label or '_') + ':' for label in self.labels)})"

    @property
    def block(self) -> Block:
        """The decoded body; decode once and keep it (`Program.body` caches)."""
        return decode_block(self.body)


class Variable(Struct, tag=4, frozen=True):
    """A stored or computed property, an ivar, a global, or a `static let`. Accessors are Functions of their own."""

    name: str
    owner: str
    type: str  # source text, "" when inferred; Objective-C keeps stars
    value: Expr | None  # its initialiser
    is_static: bool
    mutable: bool
    computed: bool
    attributes: tuple[str, ...]  # "@Published", "@objc"; Objective-C: "nonatomic", "copy", "weak", "readonly", "ivar"
    modifiers: tuple[str, ...]
    conditions: tuple[str, ...]
    mentions: tuple[str, ...]
    name_span: Span


class Macro(Struct, tag=5, frozen=True):
    """A C `#define`. `body` is the lowered replacement when it parses as an expression or statement, else empty."""

    name: str
    params: tuple[str, ...]
    text: str
    body: bytes
    conditions: tuple[str, ...] = ()


class Import(Struct, tag=6, frozen=True):
    """`import Foundation`, `#import "X.h"`, `@import Foundation;`: `name` is the module or the header's path."""

    name: str
    local: bool  # written in quotes


class Alias(Struct, tag=7, frozen=True):
    """`typealias A = B`, `typedef B A;`."""

    name: str
    target: str
    owner: str = ""


Unit = Type | Function | Variable | Macro | Import | Alias


class Suppression(Struct, tag=8, frozen=True):
    """`// ipclint:ignore ID[, ID…] -- reason`. Positions are absolute bytes.

    `scope` "line" covers the line the comment stands on, or the next line of code when it stands alone;
    "file" (`ipclint:ignore-file`) covers the file. A missing reason is "" and an error that the engine reports.
    """

    ids: tuple[str, ...]
    reason: str
    scope: OneOf["line", "file"]
    span: Span
    alone: bool  # nothing but white space before the comment on its line


class SourceFacts(msgspec.Struct, frozen=True, tag="source"):
    """A Swift, Objective-C or C file.

    `units` is in source order. A key is unique in the file and survives edits elsewhere: `T Foo`, `E Foo#2` (second
    extension), `F Foo.listener(_:shouldAcceptNewConnection:)`, `V Foo.name`, `M DECODE`, `I Foundation`, `A Name`;
    duplicates get `#2`, `#3`… Accessors are `F Foo.name.get`.
    """

    path: str  # workspace-relative, "/" separated
    language: Language
    units: dict[str, Unit]
    extents: dict[str, Span]  # absolute bytes of each unit, from its first modifier to its closing brace
    suppressions: tuple[Suppression, ...] = ()
    errors: tuple[Span, ...] = ()  # absolute bytes of syntax the grammar could not read
    problem: str = ""  # why the file could not be read in full ("not UTF-8 at byte 12", "larger than 8 MiB"); else ""

    def functions(self) -> Iterator[tuple[str, Function]]:
        for key, unit in self.units.items():
            if isinstance(unit, Function):
                yield key, unit


# ── property lists ───────────────────────────────────────────────────────────────────────────────────────────────────

PlistKind = OneOf["info", "entitlements", "launchd", "other"]
Scalar = str | bool | int | float | bytes


class PlistValue(msgspec.Struct, frozen=True, tag="value"):
    """One value. Spans are absolute bytes of the value's element (tags included); in a binary plist they are empty.

    `kind` says which field counts: "dict" → `entries`, "array" → `items`, anything else → `scalar` ("string", "bool",
    "integer", "real", "data" as base64 text, "date" as text).
    """

    kind: OneOf["dict", "array", "string", "bool", "integer", "real", "data", "date"]
    span: Span
    scalar: str | bool | int | float | None = None
    items: tuple[PlistValue, ...] = ()
    entries: tuple[PlistEntry, ...] = ()

    def get(self, key: str) -> PlistValue | None:
        """The value under `key` of a dict, None when absent or not a dict."""
        return next((entry.value for entry in self.entries if entry.key == key), None)

    @property
    def strings(self) -> tuple[str, ...]:
        """The string itself, or the strings of an array."""
        if isinstance(self.scalar, str):
            return (self.scalar,)
        return tuple(item.scalar for item in self.items if isinstance(item.scalar, str))


class PlistEntry(msgspec.Struct, frozen=True, tag="entry"):
    key: str
    key_span: Span
    value: PlistValue


class PlistFacts(msgspec.Struct, frozen=True, tag="plist"):
    """An Info.plist, entitlements file, launchd plist or other property list."""

    path: str
    kind: PlistKind
    root: PlistValue | None  # None when it could not be parsed
    binary: bool = False
    suppressions: tuple[Suppression, ...] = ()
    problem: str = ""
    problem_span: Span = Span(0, 0)


# ── projects ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Script(msgspec.Struct, frozen=True, tag="script"):
    """The shell script of a build phase: its text, and the absolute bytes where the project file holds it."""

    text: str
    span: Span


class Target(msgspec.Struct, frozen=True, tag="target"):
    """A target of an Xcode project or Swift package, as its project file writes it.

    Nothing is resolved here: `program.targets.Targets` joins the levels (target over its .xcconfig over project over
    the project's .xcconfig) and expands `$(…)`. All paths are workspace-relative; one that ends in "/" is a whole
    folder (synchronised groups, SwiftPM).
    """

    name: str
    product_type: str  # "com.apple.product-type.application", …; SwiftPM: "executable", "library", "test", "product", …
    sources: tuple[str, ...]
    settings: dict[str, dict[str, str]]  # configuration → build setting (conditions kept: "A[sdk=macosx*]") → value
    dependencies: tuple[str, ...] = ()  # names of targets and package products it builds on
    embeds: tuple[str, ...] = ()  # names of targets whose product it embeds (copy-files phases)
    resources: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()  # what of the folders in `sources` it does not compile
    bases: dict[str, str] = {}  # configuration → its base .xcconfig
    copies: dict[str, tuple[str, ...]] = {}  # where in the product ("Contents/Library/LaunchDaemons") → files copied
    spans: dict[str, Span] = {}  # "Release" → its block of settings, "Release/KEY" → that setting; "" → the target
    scripts: tuple[Script, ...] = ()  # its build phases that run shell scripts which sign something


class ProjectFacts(msgspec.Struct, frozen=True, tag="project"):
    """A project.pbxproj, Package.swift or .xcconfig file, or the manifest of XcodeGen or Tuist that makes a project."""

    path: str
    targets: tuple[Target, ...]
    settings: dict[str, str] = {}  # an .xcconfig file's own settings; a package's deployment targets
    includes: tuple[str, ...] = ()  # files that an .xcconfig, or a spec of XcodeGen, includes, workspace-relative
    suppressions: tuple[Suppression, ...] = ()
    problem: str = ""
    configurations: dict[str, dict[str, str]] = {}  # project-level settings, as in Target.settings
    bases: dict[str, str] = {}  # configuration → the project's base .xcconfig
    spans: dict[str, Span] = {}  # as in Target.spans, for `configurations`; an .xcconfig: "KEY" → its line
    root: str = ""  # the folder that relative paths in settings start from (SRCROOT); "" is the workspace
    plists: dict[str, PlistFacts] = {}  # property lists that a manifest generates, by their paths; spans are its own


Facts = SourceFacts | PlistFacts | ProjectFacts

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Facts] | None = None


def encode(facts: Facts) -> bytes:
    """Facts as msgpack; the same facts give the same bytes."""
    return _encoder.encode(facts)


def decode(data: bytes) -> Facts:
    """The inverse of `encode`. Raises msgspec.MsgspecError on bytes that `encode` did not write."""
    global _decoder
    if _decoder is None:
        _decoder = msgspec.msgpack.Decoder(Facts)
    return _decoder.decode(data)
