"""Package.swift → ProjectFacts, by a tolerant scan of its calls; nothing is executed.

A manifest is Swift code, but almost always plain data: `.target(name: "A", dependencies: ["B"], path: "…")`. The scan
builds the tree of calls and arrays with their labels and knows constants (`let core = "Core"`); what it cannot read
(a computed name) is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ipclint.model.facts import ProjectFacts, Target
from ipclint.model.paths import join
from ipclint.model.source import Span
from ipclint.readers.comments import line_comments, suppressions

MAX_DEPTH = 60
MAX_COPIES = 20_000
"""How many items of lists are taken over where their names stand."""
MAX_BYTES = 300_000
"""Of a manifest; the longest ones in use have 30,000."""

_TOKEN = re.compile(
    # What is never closed runs to the end (of the file, of the line), so that nothing is scanned twice.
    r"(?P<skip>\s+|//[^\n]*|/\*(?>(?:[^*]++|\*(?!/))*)(?:\*/|\Z))"
    r'|"""(?>(?:[^"\\]++|\\.|"(?!""))*)(?:"""|\\?\Z)'
    r'|"(?P<string>(?>(?:[^"\\\n]++|\\.)*))"?'
    r"|(?P<label>[A-Za-z_]\w*)\s*:(?!:)"
    r"|(?P<name>\.?[A-Za-z_]\w*)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<number>\d[\d.]*)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_INTERPOLATION = re.compile(r"\\\((?:\w+\.)?(\w+)\)")
_PRODUCT_TYPES = {
    "target": "library",
    "executableTarget": "executable",
    "testTarget": "test",
    "macro": "macro",
    "plugin": "plugin",
    "systemLibrary": "library",
}
_PRODUCTS = ("library", "executable", "plugin")
_FOLDERS = {"test": ("Tests", "Sources", "Source", "src", "srcs"), "plugin": ("Plugins",)}
_DEFAULT_FOLDERS = ("Sources", "Source", "src", "srcs")  # where SwiftPM looks for a target without `path`
_PLATFORMS = {
    "macOS": "MACOSX_DEPLOYMENT_TARGET",
    "iOS": "IPHONEOS_DEPLOYMENT_TARGET",
    "tvOS": "TVOS_DEPLOYMENT_TARGET",
    "watchOS": "WATCHOS_DEPLOYMENT_TARGET",
    "visionOS": "XROS_DEPLOYMENT_TARGET",
    "driverKit": "DRIVERKIT_DEPLOYMENT_TARGET",
}


@dataclass(slots=True)
class Node:
    """A call (`name` is its callee, without the dot), an array or a block (`name` ""), a literal (`text`), or the name
    of a constant (`is_name`, `name` the last part of it, `text` None until its value is known)."""

    label: str
    start: int
    name: str = ""
    text: str | None = None
    kids: list[Node] = field(default_factory=list["Node"])
    bracket: str = ""
    is_name: bool = False
    is_map: bool = False  # a dictionary: keys and values in turn

    def argument(self, label: str) -> Node | None:
        return next((kid for kid in self.kids if kid.label == label), None)

    def string(self, label: str) -> str | None:
        """The literal text of an argument; None when absent or computed."""
        kid = self.argument(label)
        return kid.text if kid is not None else None

    def strings(self, label: str) -> list[str]:
        kid = self.argument(label)
        return [item.text for item in kid.walk() if item.text is not None] if kid is not None else []

    def walk(self) -> Iterator[Node]:
        yield self
        for kid in self.kids:
            yield from kid.walk()


def read_package(path: str, data: bytes) -> ProjectFacts:
    """The facts of the manifest at workspace-relative `path`. Never raises. `settings` holds deployment targets."""
    folder = path.rpartition("/")[0]
    if len(data) > MAX_BYTES:
        return ProjectFacts(path, (), problem=f"a manifest of more than {MAX_BYTES} bytes is not read", root=folder)
    scanner = Scanner(data.decode("latin-1"))
    scanner.resolve()
    settings: dict[str, str] = {}
    targets: list[Node] = []
    products: list[Node] = []
    unnamed = 0
    for call in calls(scanner.root):
        if call.name in _PRODUCTS and call.argument("targets") is not None:
            products.append(call)
        elif call.name in _PRODUCT_TYPES:
            if call.string("name"):
                targets.append(call)
            else:
                unnamed += 1
        elif call.name in _PLATFORMS and (version := _version(call)):
            settings.setdefault(_PLATFORMS[call.name], version)
    names = {call.string("name") for call in targets}
    kinds = Counter(call.name == "testTarget" for call in targets)
    made = [
        *(_target(call, folder, only=kinds[call.name == "testTarget"] == 1) for call in targets),
        *(_product(call) for call in products if call.string("name") not in names),
    ]
    problem = "the names of all targets are computed; none could be read" if unnamed and not targets else ""
    ignored = suppressions(data, line_comments(data, b"//"))
    return ProjectFacts(path, tuple(made), settings, (), ignored, problem, root=folder)


class Scanner:
    """One pass over the manifest, with the stack of open brackets."""

    def __init__(self, text: str) -> None:
        self.root = Node("", 0)
        self.stack = [self.root]
        self.label = ""  # of the argument under way
        self.name: Node | None = None  # the name just read, a callee if `(` follows
        self.constant = ""  # the name a `let` gives a value to
        self.typed = ""  # the same, where a type stands before the value
        self.constants: dict[str, str] = {}
        self.lists: dict[str, Node] = {}  # the arrays that constants are given
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "name":
                self._name(token[0], token.start())
            elif kind == "string":
                self._add(Node(self.label, token.start(), text=self._literal(token["string"])))
            elif kind == "label":
                if self.name is not None and self.name.name in ("let", "var"):
                    self.constant = self.typed = token["label"]
                self.label, self.name = token["label"], None
            elif kind == "open":
                self._open(token[0], token.start())
            elif kind == "close":
                self._close(token[0])
            elif kind == "other" and token[0] == ",":
                self.label, self.name = "", None
            elif kind == "other" and token[0] == "=":
                self.constant, self.typed = self.constant or self.typed, ""
            elif kind == "other":
                self.name, self.constant = None, ""
                self.stack[-1].is_map |= token[0] == ":"

    def _add(self, node: Node) -> None:
        self.stack[-1].kids.append(node)
        self.name = None
        if self.constant and node.text is not None:
            self.constants[self.constant] = node.text
        self.constant = ""

    def _name(self, text: str, start: int) -> None:
        if self.name is not None and self.name.name in ("let", "var"):
            self.constant, self.name = text, None
            return
        if self.name is not None and text.startswith("."):
            self.name.name = text[1:]  # `Names.core` is known by `core`
            return
        node = Node(self.label, start, name=text.lstrip("."), is_name=True)
        self.stack[-1].kids.append(node)
        self.name = node

    def _open(self, bracket: str, start: int) -> None:
        node = Node(self.label, start, bracket=bracket)
        kids = self.stack[-1].kids
        if bracket == "(" and self.name is not None and kids and kids[-1] is self.name:
            kids.pop()
            node.name, node.start = self.name.name, self.name.start
        if bracket == "[" and self.constant and not self.typed:
            self.lists.setdefault(self.constant, node)
        if len(self.stack) < MAX_DEPTH:
            kids.append(node)
        self.stack.append(node)
        self.label, self.name, self.constant = "", None, ""

    def _close(self, bracket: str) -> None:
        """Back to before the bracket that this one closes; a bracket that closes nothing is passed over."""
        opening = {")": "(", "]": "[", "}": "{"}[bracket]
        depth = next((at for at in range(len(self.stack) - 1, 0, -1) if self.stack[at].bracket == opening), 0)
        if depth:
            self.label = self.stack[depth].label
            del self.stack[depth:]
        self.name = None

    def _literal(self, text: str) -> str | None:
        """The value of a string literal; None when it interpolates what is no constant."""
        text = text.encode("latin-1").decode("utf-8", "replace")
        if "\\(" in text:
            text = _INTERPOLATION.sub(lambda hole: self.constants.get(hole[1], hole[0]), text)
            if "\\(" in text:
                return None
        return text.replace('\\"', '"').replace("\\\\", "\\")

    def resolve(self) -> None:
        """Give the names of constants their values, those of lists what stands in them for sure."""
        names = [node for node in self.root.walk() if node.is_name]
        for node in names:
            node.text = self.constants.get(node.name)
        plain = {name: list(_plain(node)) for name, node in self.lists.items()}
        budget = MAX_COPIES
        for node in names:
            if node.text is None and budget > 0 and node.name in plain:
                node.kids, node.is_map = plain[node.name], self.lists[node.name].is_map
                budget -= len(node.kids)


def _plain(node: Node) -> Iterator[Node]:
    """What stands in a list for sure; in a dictionary, a blank holds the place of the rest."""
    for kid in node.kids:
        if not _is_open(kid):
            yield kid
        elif node.is_map:
            yield Node(kid.label, kid.start)


def _is_open(node: Node) -> bool:
    """Whether a name in it has no value; a list that named itself would have no end."""
    return any(each.is_name and each.text is None and each.name not in ("true", "false") for each in node.walk())


def calls(node: Node) -> Iterator[Node]:
    """Every call but those that only refer to a target or plugin made elsewhere."""
    for kid in node.kids:
        if kid.label not in ("dependencies", "plugins") and not kid.is_name:
            if kid.bracket and kid.name:
                yield kid
            yield from calls(kid)


def _product(call: Node) -> Target:
    """A product stands between the targets it is made of and the packages and projects that use it."""
    return Target(call.string("name") or "", "product", (), {}, dependencies=tuple(call.strings("targets")))


def _target(call: Node, folder: str, only: bool) -> Target:
    """`only`: the target is the only one of its kind; it may then lie in the folder of the kind itself."""
    name = call.string("name") or ""
    kind = _PRODUCT_TYPES[call.name]
    place = call.string("path")
    roots = [place or ""]
    if place is None:
        kind_folders = _FOLDERS.get(kind, _DEFAULT_FOLDERS)
        roots = [f"{base}/{name}" for base in kind_folders] + ([kind_folders[0]] if only else [])
    bases = [base for root in roots if (base := join(folder, root)) is not None]
    inner = call.strings("sources")
    sources = [path for base in bases for part in inner or [""] if (path := join(base, part)) is not None]
    resources = call.argument("resources")
    flags = call.strings("linkerSettings")
    return Target(
        name=name,
        product_type=kind,
        sources=tuple(_folder(path) for path in sources),
        settings={"": {"OTHER_LDFLAGS": " ".join(flags)}} if flags else {},
        dependencies=tuple(_dependencies(call)),
        resources=tuple(_below(bases, (node.text for node in resources.walk() if node.text) if resources else ())),
        excludes=tuple(_below(bases, call.strings("exclude"))),
        spans={"": Span(call.start, call.start)},
    )


def _folder(path: str) -> str:
    """A source of a target: a folder unless it is named like a file; "./" is the whole workspace."""
    suffix = path.rpartition("/")[2].rpartition(".")[2]
    return path if suffix in ("swift", "c", "m", "mm", "cpp", "S") else f"{path or '.'}/"


def _below(bases: list[str], names: Iterable[str]) -> Iterator[str]:
    """Each name below each of the folders a target may lie in."""
    for name in names:
        for base in bases:
            if path := join(base, name):
                yield path


def _dependencies(call: Node) -> Iterator[str]:
    """Names of targets and products, from texts and from `.target(name:)`, `.product(name:)`, `.byName(name:)`."""
    listed = call.argument("dependencies")
    for item in listed.kids if listed is not None else ():
        name = item.text if item.text is not None else item.string("name")
        if name:
            yield name


def _version(call: Node) -> str:
    """Of `.macOS(.v10_15)` or `.macOS("10.15")`."""
    for kid in call.kids:
        if kid.text:
            return kid.text
        if kid.name.startswith("v"):
            return kid.name[1:].replace("_", ".")
    return ""
