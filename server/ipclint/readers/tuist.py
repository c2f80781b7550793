"""Tuist's Project.swift → ProjectFacts, by the same tolerant scan as Package.swift; nothing is executed.

Only what a manifest writes down is read: targets that helpers of its own put together are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.model.facts import PlistEntry, PlistFacts, PlistValue, ProjectFacts, Target
from ipclint.model.paths import join
from ipclint.model.source import Span
from ipclint.readers.comments import line_comments, suppressions
from ipclint.readers.swiftpm import MAX_BYTES, Node, Scanner, calls
from ipclint.readers.xcodegen import DEPLOYMENT, DESTINATIONS, SDKS

_TYPES = {
    "app": "application",
    "appClip": "application.on-demand-install-capable",
    "appExtension": "app-extension",
    "bundle": "bundle",
    "commandLineTool": "tool",
    "dynamicLibrary": "library.dynamic",
    "extensionKitExtension": "extensionkit-extension",
    "framework": "framework",
    "messagesExtension": "app-extension.messages",
    "staticFramework": "framework",
    "staticLibrary": "library.static",
    "systemExtension": "system-extension",
    "tvTopShelfExtension": "tv-app-extension",
    "uiTests": "bundle.ui-testing",
    "unitTests": "bundle.unit-test",
    "watch2App": "application.watchapp2",
    "watch2Extension": "watchkit2-extension",
    "xpc": "xpc-service",
}
_PLATFORMS = {"mac": "macos", "macos": "macos", "ios": "ios", "iphone": "ios", "ipad": "ios", "appletv": "tvos"}
_PLATFORMS |= {"tvos": "tvos", "applewatch": "watchos", "watchos": "watchos", "applevision": "visionos"}
_PLATFORMS |= {"visionos": "visionos"}
_INLINE = ("extendingDefault", "dictionary")
_WRAPPERS = ("string", "boolean", "array", "dictionary", "integer", "real")
MAX_VALUES = 20_000
"""Values of property lists that the targets of one manifest write down."""

_DEFAULT_CONFIGURATIONS = ("Debug", "Release")


def read_tuist(path: str, data: bytes) -> ProjectFacts:
    """The facts of the manifest at workspace-relative `path`. Never raises."""
    folder = path.rpartition("/")[0]
    if len(data) > MAX_BYTES:
        return ProjectFacts(path, (), problem=f"a manifest of more than {MAX_BYTES} bytes is not read", root=folder)
    scanner = Scanner(data.decode("latin-1"))
    scanner.resolve()
    found = list(calls(scanner.root))
    project = next((call for call in found if call.name == "Project"), None)
    settings, bases = _settings(project, folder) if project is not None else ({}, {})
    names = tuple(settings) or _DEFAULT_CONFIGURATIONS
    calling = [call for call in found if call.name in ("target", "Target") and call.argument("product") is not None]
    lists = _Lists(path, folder)
    targets = tuple(_target(call, folder, names, _name(call, project), lists) for call in calling)
    return ProjectFacts(
        path=path,
        targets=targets,
        suppressions=suppressions(data, line_comments(data, b"//")),
        configurations=settings or {name: {} for name in names},
        bases=bases,
        root=folder,
        plists=lists.made,
    )


def _name(call: Node, project: Node | None) -> str:
    """What a target is called: where that is worked out, what its product or the project is called."""
    names = (call.string("name"), call.string("productName"), project.string("name") if project is not None else "")
    return next(filter(None, names), "")


def _target(call: Node, folder: str, configurations: tuple[str, ...], name: str, lists: _Lists) -> Target:
    product = call.argument("product")
    kind = _TYPES.get(product.name if product is not None else "", "")
    own, bases = _settings(call, folder)
    made = _made(call) | lists.of(call, name)
    dependencies = tuple(dict.fromkeys(_dependencies(call)))
    resources = call.argument("resources")
    return Target(
        name=name,
        product_type=f"com.apple.product-type.{kind}" if kind else "",
        sources=tuple(_sources(call, folder)),
        settings={
            each: made | own.get(each, own.get("", {})) for each in dict.fromkeys((*configurations, *own)) if each
        },
        dependencies=dependencies,
        embeds=dependencies if kind.startswith("application") else (),
        resources=tuple(_folder(text, folder) for text in _texts(resources)),
        bases=bases,
        copies={where: files for where, files in _copies(call, folder) if files},
        spans={"": Span(call.start, call.start)},
    )


def _made(call: Node) -> dict[str, str]:
    """The build settings that a target's own arguments become."""
    found: dict[str, str] = {}
    for label, setting in (("bundleId", "PRODUCT_BUNDLE_IDENTIFIER"), ("productName", "PRODUCT_NAME")):
        if text := call.string(label):
            found[setting] = text
    for label, setting in (("infoPlist", "INFOPLIST_FILE"), ("entitlements", "CODE_SIGN_ENTITLEMENTS")):
        given = call.argument(label)
        text = (
            (given.text or given.string("path")) if given is not None and given.name in ("", "file", "path") else None
        )
        if text:
            found[setting] = text
    platforms = list(_platforms(call))
    if platforms:
        found["SDKROOT"] = SDKS[platforms[0]]
        found["SUPPORTED_PLATFORMS"] = " ".join(SDKS[each] for each in platforms)
    for label in ("deploymentTargets", "deploymentTarget"):
        given = call.argument(label)
        for platform, version in _versions(given) if given is not None else ():
            found[DEPLOYMENT[platform]] = version
    return found


def _platforms(call: Node) -> Iterator[str]:
    """Of `destinations: .macOS`, `destinations: [.iPhone, .mac]` and the older `platform: .iOS`."""
    seen: set[str] = set()
    for label in ("destinations", "platform"):
        given = call.argument(label)
        for node in given.walk() if given is not None else ():
            platform = _PLATFORMS.get(node.name.lower())
            if platform is not None and platform not in seen:
                seen.add(platform)
                yield platform


def _versions(given: Node) -> Iterator[tuple[str, str]]:
    """Of `.macOS("13.0")`, `.iOS(targetVersion: "15.0", devices: …)`, `.multiplatform(iOS: "15.0", macOS: "12.0")`."""
    for kid in given.kids:
        platform = _PLATFORMS.get((kid.label if given.name == "multiplatform" else given.name).lower())
        if platform is not None and kid.text and kid.text[:1].isdigit():
            yield platform, kid.text


def _sources(call: Node, folder: str) -> Iterator[str]:
    given = call.argument("sources")
    if given is None:
        return
    for text in _texts(given):
        if path := _folder(text, folder):
            yield path


def _folder(text: str, folder: str) -> str:
    """The folder (ending in "/") that a glob looks into, or the file that is no glob."""
    plain, star, _ = re.sub(r"[^/]*[*?\[{].*", "*", text, count=1, flags=re.DOTALL).partition("*")
    path = join(folder, plain.rstrip("/"))
    if path is None:
        return ""
    return f"{path or '.'}/" if star or "." not in text.rpartition("/")[2] else path


def _texts(given: Node | None) -> Iterator[str]:
    """The texts of a value, those that it excludes left out."""
    if given is None or given.label == "excluding":
        return
    if given.text:
        yield given.text
    for kid in given.kids:
        yield from _texts(kid)


def _dependencies(call: Node) -> Iterator[str]:
    """Of `.target(name:)`, `.project(target:path:)`, `.external(name:)` and `.package(product:)`."""
    listed = call.argument("dependencies")
    for item in listed.kids if listed is not None else ():
        name = item.string("name") if item.name in ("target", "external") else item.string("target")
        if name or (name := item.string("product")):
            yield name


def _copies(call: Node, folder: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of `copyFiles: [.wrapper(name: "Jobs", subpath: "Contents/Library/LaunchDaemons", files: […])]`."""
    listed = call.argument("copyFiles")
    for action in listed.kids if listed is not None else ():
        where = "/".join(filter(None, (DESTINATIONS.get(action.name.lower(), ""), action.string("subpath") or "")))
        files = (join(folder, text) for text in action.strings("files"))
        yield where, tuple(path for path in files if path)


# ── property lists ───────────────────────────────────────────────────────────────────────────────────────────────────


class _Lists:
    """The property lists that targets write down as dictionaries, by the paths that Tuist generates them at."""

    def __init__(self, path: str, folder: str) -> None:
        self.made: dict[str, PlistFacts] = {}
        self._path = path
        self._folder = folder
        self._budget = MAX_VALUES

    def of(self, call: Node, name: str) -> dict[str, str]:
        """The build settings that point to the lists of a target, which are kept."""
        found: dict[str, str] = {}
        for label, kind, setting, where in (
            ("infoPlist", "info", "INFOPLIST_FILE", f"Derived/InfoPlists/{name}-Info.plist"),
            ("entitlements", "entitlements", "CODE_SIGN_ENTITLEMENTS", f"Derived/Entitlements/{name}.entitlements"),
        ):
            given = call.argument(label)
            inside = given.kids[0] if given is not None and given.name in _INLINE and given.kids else None
            path = join(self._folder, where)
            if inside is not None and inside.is_map and path and path not in self.made:
                found[setting] = where
                self.made[path] = PlistFacts(
                    self._path, "info" if kind == "info" else "entitlements", self._value(inside)
                )
        return found

    def _value(self, node: Node) -> PlistValue:
        """A literal, or one of Tuist's `.string("…")`, as a value; what is worked out reads as a variable."""
        self._budget -= 1
        end = node.start + (len(node.text.encode()) + 2 if node.text is not None else 1)
        span = Span(node.start, end)
        if node.text is not None:
            return PlistValue("string", span, node.text)
        if node.name in ("true", "false"):
            return PlistValue("bool", span, node.name == "true")
        if node.is_map and self._budget > 0:
            pairs = zip(node.kids[::2], node.kids[1::2], strict=False)
            entries = ((key, self._value(value)) for key, value in pairs if key.text)
            return PlistValue("dict", span, entries=tuple(self._entry(key, value) for key, value in entries))
        if node.name in _WRAPPERS and node.kids:
            return self._value(node.kids[0])
        if (node.bracket == "[" or node.kids) and self._budget > 0:
            return PlistValue("array", span, items=tuple(self._value(kid) for kid in node.kids))
        return PlistValue("string", span, "$(UNKNOWN)")

    def _entry(self, key: Node, value: PlistValue) -> PlistEntry:
        text = key.text or ""
        return PlistEntry(text, Span(key.start, key.start + len(text.encode()) + 2), value)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _settings(owner: Node, folder: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Build settings and base .xcconfig by configuration, of `.settings(base:configurations:)`. Without configurations,
    the settings of all stand under ""."""
    given = owner.argument("settings")
    if given is None:
        return {}, {}
    base = dict(_pairs(given.argument("base")))
    listed = given.argument("configurations")
    settings: dict[str, dict[str, str]] = {}
    bases: dict[str, str] = {}
    for item in listed.kids if listed is not None else ():
        named = item.argument("name")
        name = (named.text or named.name.capitalize()) if named is not None else ""
        if not name:
            continue
        settings[name] = base | dict(_pairs(item.argument("settings")))
        xcconfig = item.string("xcconfig")
        if xcconfig and (path := join(folder, xcconfig)):
            bases[name] = path
    if not settings and base:
        settings = dict.fromkeys(_DEFAULT_CONFIGURATIONS, base) if owner.name == "Project" else {"": base}
    return settings, bases


def _pairs(dictionary: Node | None) -> Iterator[tuple[str, str]]:
    """The keys and values of a dictionary literal, as far as both are constant."""
    kids = dictionary.kids if dictionary is not None and dictionary.bracket == "[" else []
    at = 0
    while at + 1 < len(kids):
        key, value = kids[at], kids[at + 1]
        if key.text and value.text is not None:
            yield key.text, value.text
        elif key.text and (value.bracket or value.name in ("true", "false")):
            yield key.text, {"true": "YES", "false": "NO"}.get(value.name) or " ".join(_texts(value))
        at += 2
