"""XcodeGen's project.yml → ProjectFacts: what the project that it makes would say, as far as the file is plain data.

Files that it includes are not followed, and globs and scripts are left out. A file of that name that is no spec of
XcodeGen's gives no targets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ipclint.model.facts import PlistEntry, PlistFacts, PlistValue, ProjectFacts, Target
from ipclint.model.paths import join
from ipclint.model.source import Span
from ipclint.readers.comments import line_comments, suppressions
from ipclint.readers.yaml_tree import parse_yaml

MAX_STEPS = 200_000
"""Values looked at; aliases can make a small file refer to the same list many times over."""
MAX_DEPTH = 20
MAX_CONFIGURATIONS = 50

SDKS = {"macos": "macosx", "ios": "iphoneos", "tvos": "appletvos", "watchos": "watchos", "visionos": "xros"}
DEPLOYMENT = {
    "macos": "MACOSX_DEPLOYMENT_TARGET",
    "ios": "IPHONEOS_DEPLOYMENT_TARGET",
    "tvos": "TVOS_DEPLOYMENT_TARGET",
    "watchos": "WATCHOS_DEPLOYMENT_TARGET",
    "visionos": "XROS_DEPLOYMENT_TARGET",
}
DESTINATIONS = {
    "wrapper": "",
    "executables": "Contents/MacOS",
    "resources": "Contents/Resources",
    "frameworks": "Contents/Frameworks",
    "sharedframeworks": "Contents/SharedFrameworks",
    "sharedsupport": "Contents/SharedSupport",
    "plugins": "Contents/PlugIns",
    "javaresources": "Contents/Resources/Java",
}
_FILE = re.compile(r"\.(?:swift|mm?|c|cc|cpp|cxx|h|hpp|S|plist|xib|storyboard|xcassets|strings|icns|json)$")
_GLOB = re.compile(r"[*?\[\]{}]")
_SPEC_KEYS = frozenset(("base", "configs", "groups"))

_EMPTY = PlistValue("dict", Span(0, 0))


def read_xcodegen(path: str, data: bytes) -> ProjectFacts:
    """The facts of the spec at workspace-relative `path`. Never raises."""
    folder = path.rpartition("/")[0]
    parsed = parse_yaml(data)
    spec = _Spec(path, folder, parsed.root if parsed.root is not None else _EMPTY)
    problem = parsed.problem
    targets = tuple(spec.targets())
    if spec.budget < 0:
        problem = f"the targets of this file refer to more than {MAX_STEPS} things; not all are read"
    return ProjectFacts(
        path=path,
        targets=targets,
        suppressions=suppressions(data, line_comments(data, b"#")),
        problem=problem,
        configurations=spec.settings_of(spec.root),
        bases=spec.bases(spec.root),
        root=folder,
        plists=spec.plists,
    )


class _Spec:
    """The whole file: what targets fall back on."""

    def __init__(self, path: str, folder: str, root: PlistValue) -> None:
        self.path = path
        self.folder = folder
        self.root = root
        self.budget = MAX_STEPS
        self.plists: dict[str, PlistFacts] = {}  # what is generated, by the path that it is generated at
        self.groups = self._table(root, "settingGroups")
        self.templates = self._table(root, "targetTemplates")
        self.options = root.get("options") or _EMPTY
        named = root.get("configs")
        names = [entry.key for entry in named.entries][:MAX_CONFIGURATIONS] if named is not None else []
        self.configurations = names or ["Debug", "Release"]

    def _table(self, value: PlistValue, key: str) -> dict[str, PlistValue]:
        table = value.get(key) or _EMPTY
        self.budget -= len(table.entries)
        return {entry.key: entry.value for entry in table.entries} if self.budget >= 0 else {}

    def spend(self, values: Iterable[PlistValue]) -> Iterator[PlistValue]:
        """The values, while there is budget left; one with many keys costs as much to look into."""
        for value in values:
            self.budget -= 1 + len(value.entries)
            if self.budget < 0:
                return
            yield value

    def join(self, relative: str) -> str:
        """A path of the spec as a workspace-relative one, "" when it leads out or is not known."""
        return "" if "$" in relative.replace("$(SRCROOT)/", "") else self._below(relative)

    def _below(self, relative: str) -> str:
        return join(self.folder, relative.removeprefix("$(SRCROOT)/")) or ""

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def settings_of(self, owner: PlistValue) -> dict[str, dict[str, str]]:
        """Build settings by configuration, groups merged."""
        block = owner.get("settings") or _EMPTY
        return {name: dict(self._settings(block, name, 0)) for name in self.configurations}

    def _settings(self, block: PlistValue, configuration: str, depth: int) -> Iterator[tuple[str, str]]:
        """Groups first, then the base, then what is said for the configuration: the last one counts."""
        if depth > MAX_DEPTH:
            return
        if not any(entry.key in _SPEC_KEYS for entry in block.entries):
            yield from self._plain(block)
            return
        groups = block.get("groups")
        for name in self._list(groups):
            yield from self._settings(self.groups.get(_text(name), _EMPTY), configuration, depth + 1)
        yield from self._plain(block.get("base") or _EMPTY)
        configs = block.get("configs") or _EMPTY
        for value, entry in zip(self.spend(entry.value for entry in configs.entries), configs.entries, strict=False):
            if entry.key.lower() in configuration.lower():
                yield from self._settings(value, configuration, depth + 1)

    def _plain(self, block: PlistValue) -> Iterator[tuple[str, str]]:
        for value, entry in zip(self.spend(entry.value for entry in block.entries), block.entries, strict=False):
            self.budget -= len(value.items)
            yield entry.key, _setting(value) if self.budget >= 0 else ""

    def bases(self, owner: PlistValue) -> dict[str, str]:
        """Configuration → its .xcconfig file."""
        return {
            name: path for name, value in self._table(owner, "configFiles").items() if (path := self.join(_text(value)))
        }

    # ── targets ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def targets(self) -> Iterator[Target]:
        listed = self.root.get("targets")
        entries = listed.entries if listed is not None else ()
        for value, entry in zip(self.spend(entry.value for entry in entries), entries, strict=False):
            target = self._with_templates(value)
            platforms = target.get("platform")
            names = [_text(name).lower() for name in self._list(platforms)]
            several = platforms is not None and platforms.kind == "array"
            for platform in names or [""]:
                name = _text(target.get("name")) or entry.key
                yield self._target(target, f"{name}_{platform}" if several else name, entry, platform)

    def _with_templates(self, target: PlistValue) -> PlistValue:
        """The target merged over the templates that it names."""
        for name in self._list(target.get("templates")):
            target = self._merge(self.templates.get(_text(name), _EMPTY), target, 0)
        return target

    def _merge(self, below: PlistValue, above: PlistValue, depth: int) -> PlistValue:
        """Dictionaries are merged, arrays put one after the other, anything else is replaced."""
        self.budget -= len(below.entries) + len(above.entries) + len(below.items)
        if self.budget < 0 or depth > MAX_DEPTH:
            return above
        if below.kind == above.kind == "array":
            return PlistValue("array", above.span, items=(*below.items, *above.items))
        if not below.kind == above.kind == "dict":
            return above
        table = {entry.key: entry for entry in below.entries}
        for entry in above.entries:
            before = table.get(entry.key)
            value = self._merge(before.value, entry.value, depth + 1) if before is not None else entry.value
            table[entry.key] = PlistEntry(entry.key, entry.key_span, value)
        return PlistValue("dict", above.span, entries=tuple(table.values()))

    def _target(self, target: PlistValue, name: str, entry: PlistEntry, platform: str) -> Target:
        kind = _text(target.get("type"))
        sources = list(self._sources(target))
        bundles = kind.startswith("application")
        dependencies = list(self._dependencies(target))
        settings = self.settings_of(target)
        for configuration in settings:
            settings[configuration] = self._defaults(target, name, platform, sources) | settings[configuration]
        return Target(
            name=name,
            product_type=f"com.apple.product-type.{kind}" if kind else "legacy",
            sources=tuple(path for path, phase in sources if phase in ("", "sources", "headers")),
            settings=settings,
            dependencies=tuple(dict.fromkeys(each for each, _ in dependencies)),
            embeds=tuple(
                dict.fromkeys(each for each, embed in dependencies if embed is not False and (embed or bundles))
            ),
            resources=tuple(path for path, phase in sources if phase == "resources"),
            excludes=tuple(self._excludes(target)),
            bases=self.bases(target),
            copies=self._copies(sources),
            spans={"": entry.key_span},
        )

    def _defaults(self, target: PlistValue, name: str, platform: str, sources: list[tuple[str, str]]) -> dict[str, str]:
        """What XcodeGen sets by itself: it gives way to the target's own settings."""
        found = {"PRODUCT_NAME": name.removesuffix(f"_{platform}")} if platform else {}
        if platform in SDKS:
            found["SDKROOT"] = SDKS[platform]
            if version := self._deployment(target, platform):
                found[DEPLOYMENT[platform]] = version
        found |= self._guesses(target, name, sources)
        for key, setting in (("info", "INFOPLIST_FILE"), ("entitlements", "CODE_SIGN_ENTITLEMENTS")):
            made = target.get(key)
            path = _text(made.get("path")) if made is not None and made.kind == "dict" else _text(made)
            if path:
                found[setting] = path
                self._generate(path, made, "info" if key == "info" else "entitlements")
        return found

    def _guesses(self, target: PlistValue, name: str, sources: list[tuple[str, str]]) -> dict[str, str]:
        """What XcodeGen sets where no other level does; an .xcconfig file, which is not read here, may."""
        if self.bases(target) or self.bases(self.root):
            return {}
        found: dict[str, str] = {}
        if prefix := _text(self.options.get("bundleIdPrefix")):
            found["PRODUCT_BUNDLE_IDENTIFIER"] = f"{prefix}.{re.sub(r'[^A-Za-z0-9.-]', '', name.replace('_', '-'))}"
        if folder := next((path for path, _ in sources if path.endswith("/")), ""):
            found["INFOPLIST_FILE"] = f"{folder.removeprefix(f'{self.folder}/')}Info.plist"
        project = next(iter(self.settings_of(self.root).values()), {})
        return {key: value for key, value in found.items() if key not in project}

    def _generate(self, path: str, made: PlistValue | None, kind: str) -> None:
        """Keep the property list that XcodeGen writes to `path`."""
        properties = made.get("properties") if made is not None else None
        where = self.join(path)
        if properties is None or not where or where in self.plists:
            return
        root = self._copy(properties, 0)
        self.plists[where] = PlistFacts(self.path, "info" if kind == "info" else "entitlements", root)

    def _copy(self, value: PlistValue, depth: int) -> PlistValue:
        """A value with all that is in it, cut off where the budget ends: what aliases share is unfolded here."""
        if depth > MAX_DEPTH:
            return PlistValue("string", value.span, "")
        items = tuple(self._copy(each, depth + 1) for each in self.spend(value.items))
        values = [self._copy(each, depth + 1) for each in self.spend(entry.value for entry in value.entries)]
        entries = tuple(
            PlistEntry(entry.key, entry.key_span, each) for entry, each in zip(value.entries, values, strict=False)
        )
        return PlistValue(value.kind, value.span, value.scalar, items, entries)

    def _deployment(self, target: PlistValue, platform: str) -> str:
        for value in (target.get("deploymentTarget"), self.options.get("deploymentTarget")):
            if value is not None and value.kind == "dict":
                value = next((entry.value for entry in value.entries if entry.key.lower() == platform), None)
            if text := _text(value):
                return text
        return ""

    def _sources(self, target: PlistValue) -> Iterator[tuple[str, str]]:
        """Files, and folders ending in "/", each with its build phase; "copyFiles" ones with where they go."""
        for item in self._list(target.get("sources")):
            path = self.join(_text(item) or _text(item.get("path")))
            if not path or _GLOB.search(path):
                continue
            phase = item.get("buildPhase")
            copied = phase.get("copyFiles") if phase is not None else None
            where = _text(phase)
            if copied is not None:
                folder = DESTINATIONS.get(_text(copied.get("destination")).lower(), "")
                where = "copy:" + "/".join(filter(None, (folder, _text(copied.get("subpath")))))
            is_file = _FILE.search(path) is not None and _text(item.get("type")) != "group"
            yield path if is_file else f"{path}/", where

    def _excludes(self, target: PlistValue) -> Iterator[str]:
        for item in self._list(target.get("sources")):
            folder = _text(item.get("path"))
            for exclude in self._list(item.get("excludes")):
                name = re.sub(r"/\*{1,2}$", "", _text(exclude))
                if not _GLOB.search(name) and (path := self.join(f"{folder}/{name}")):
                    yield path

    def _copies(self, sources: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
        copies: dict[str, list[str]] = {}
        for path, phase in sources:
            if phase.startswith("copy:"):
                copies.setdefault(phase.removeprefix("copy:"), []).append(path)
        return {where: tuple(files) for where, files in copies.items()}

    def _dependencies(self, target: PlistValue) -> Iterator[tuple[str, bool | None]]:
        """Targets and products it depends on, each with what the file says of embedding it."""
        for item in self._list(target.get("dependencies")):
            embed = item.get("embed")
            wanted = embed.scalar if embed is not None and isinstance(embed.scalar, bool) else None
            for key in ("target", "product", "package", "bundle"):
                if name := _text(item.get(key)):
                    yield name.rpartition("/")[2], wanted
                    break

    def _list(self, value: PlistValue | None) -> Iterator[PlistValue]:
        """The items of a list; a single value is a list of one."""
        if value is not None:
            yield from self.spend(value.items if value.kind == "array" else (value,))


def _text(value: PlistValue | None) -> str:
    """A scalar as text, "" for anything else."""
    if value is None or value.scalar is None or isinstance(value.scalar, bool):
        return ""
    return str(value.scalar)


def _setting(value: PlistValue) -> str:
    """A build setting as the project file writes it."""
    if isinstance(value.scalar, bool):
        return "YES" if value.scalar else "NO"
    if value.kind == "array":
        words = (_setting(item) for item in value.items if not item.items)
        return " ".join(f'"{word}"' if " " in word else word for word in words)
    return _text(value)
