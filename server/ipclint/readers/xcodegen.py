"""XcodeGen's project.yml → ProjectFacts: what the project that it makes would say, as far as the file is plain data.

Globs and scripts are left out. A file of that name that is no spec of XcodeGen's gives no targets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ipclint.model.facts import PlistEntry, PlistFacts, PlistValue, ProjectFacts, Target
from ipclint.model.paths import join
from ipclint.readers import Beside, alone
from ipclint.readers.comments import line_comments, suppressions
from ipclint.readers.xcodegen_merge import EMPTY, Included, filled, merged, parse_spec

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
_TARGET_KEYS = ("type", "templates", "legacy")
"""A target has one of these; other tools' files of the same name have targets too."""


def read_xcodegen(path: str, data: bytes, beside: Beside = alone) -> ProjectFacts:
    """The facts of the spec at workspace-relative `path`. `beside` gives what it includes. Never raises."""
    folder = path.rpartition("/")[0]
    parsed = parse_spec(path, data)
    if parsed.root is None and path.endswith(".json"):
        return ProjectFacts(path, ())  # many tools keep a project.json, and some of them write comments into it
    budget = _Budget()
    included = Included(path, beside, budget.spend)
    spec = _Spec(path, folder, included.under(parsed.root if parsed.root is not None else EMPTY), budget)
    problem = parsed.problem or included.problem
    targets = tuple(spec.targets())
    if budget.left < 0:
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
        includes=included.files,
    )


class _Budget:
    """What a spec may cost."""

    def __init__(self) -> None:
        self.left = MAX_STEPS

    def spend(self, count: int) -> bool:
        self.left -= count
        return self.left >= 0


class _Spec:
    """The whole file: what targets fall back on."""

    def __init__(self, path: str, folder: str, root: PlistValue, budget: _Budget) -> None:
        self.path = path
        self.folder = folder
        self.root = root
        self.budget = budget
        self.plists: dict[str, PlistFacts] = {}  # what is generated, by the path that it is generated at
        self.groups = self._table(root, "settingGroups")
        self.templates = self._table(root, "targetTemplates")
        self.options = root.get("options") or EMPTY
        named = root.get("configs")
        names = [entry.key for entry in named.entries][:MAX_CONFIGURATIONS] if named is not None else []
        self.configurations = names or ["Debug", "Release"]

    def _table(self, value: PlistValue, key: str) -> dict[str, PlistValue]:
        table = value.get(key) or EMPTY
        return {entry.key: entry.value for entry in table.entries} if self.budget.spend(len(table.entries)) else {}

    def spend(self, values: Iterable[PlistValue]) -> Iterator[PlistValue]:
        """The values, while there is budget left; one with many keys costs as much to look into."""
        for value in values:
            if not self.budget.spend(1 + len(value.entries)):
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
        block = owner.get("settings") or EMPTY
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
            yield from self._settings(self.groups.get(_text(name), EMPTY), configuration, depth + 1)
        yield from self._plain(block.get("base") or EMPTY)
        configs = block.get("configs") or EMPTY
        for value, entry in zip(self.spend(entry.value for entry in configs.entries), configs.entries, strict=False):
            if entry.key.lower() in configuration.lower():
                yield from self._settings(value, configuration, depth + 1)

    def _plain(self, block: PlistValue) -> Iterator[tuple[str, str]]:
        for value, entry in zip(self.spend(entry.value for entry in block.entries), block.entries, strict=False):
            yield entry.key, _setting(value) if self.budget.spend(len(value.items)) else ""

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
            if value.kind != "dict" or not any(value.get(key) is not None for key in _TARGET_KEYS):
                continue
            target = self._with_templates(value, entry.key)
            platforms = target.get("platform")
            names = [_text(name) for name in self._list(platforms)]
            several = platforms is not None and platforms.kind == "array"
            for platform in names or [""]:
                each = self._on(platform, value, entry.key) if several else target
                name = _text(each.get("name")) or entry.key
                platform = platform.lower()
                yield self._target(each, f"{name}_{platform}" if several else name, entry, platform)

    def _on(self, platform: str, target: PlistValue, name: str) -> PlistValue:
        """One of a target's platforms: its name may stand in the names of the templates too."""
        names = {"${platform}": platform, "$platform": platform}
        return filled(self._with_templates(filled(target, names, self.budget.spend), name), names, self.budget.spend)

    def _with_templates(self, target: PlistValue, name: str) -> PlistValue:
        """The target over the templates that it names, and over those that they name; the later ones count."""
        templates = self._templates(target)
        if not templates:
            return target
        below = EMPTY
        for template in templates:
            below = merged(below, template, self.budget.spend)
        whole = merged(below, target, self.budget.spend)
        names = {"${target_name}": name, "$target_name": name}
        for entry in (whole.get("templateAttributes") or EMPTY).entries:
            names[f"${{{entry.key}}}"] = _text(entry.value)
        return filled(whole, names, self.budget.spend)

    def _templates(self, target: PlistValue) -> list[PlistValue]:
        """The templates of a target, each behind those that it builds on."""
        found: list[PlistValue] = []
        known: set[str] = set()

        def collect(owner: PlistValue) -> None:
            for item in self._list(owner.get("templates")):
                name = _text(item)
                if name in self.templates and name not in known and len(known) < MAX_DEPTH:
                    known.add(name)
                    collect(self.templates[name])
                    found.append(self.templates[name])

        collect(target)
        return found

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
