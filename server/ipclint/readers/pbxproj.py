"""project.pbxproj → ProjectFacts: targets with their files, build settings, dependencies and copy phases.

The file is a property list of objects that refer to each other by id. Xcode's own conventions are followed: the group
tree gives the paths, and a synchronised folder belongs to a target except for the files its exception sets name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from ipclint.model.facts import PlistValue, ProjectFacts, Script, Target
from ipclint.model.paths import join
from ipclint.model.source import Span
from ipclint.readers.plist import parse_plist

MAX_GROUP_DEPTH = 60

MAX_REFERENCES = 500_000
"""How many references between objects are followed; the largest projects known have a few ten thousand."""
MAX_SCRIPT = 20_000  # characters of one script
MAX_PATH = 1024  # characters of one path in the group tree

_TARGETS = {"PBXNativeTarget": "", "PBXAggregateTarget": "aggregate", "PBXLegacyTarget": "legacy"}
_COMPILING = frozenset(("PBXSourcesBuildPhase", "PBXHeadersBuildPhase"))
_RESOURCES = "PBXResourcesBuildPhase"
_PRODUCT = re.compile(r"^lib(?=.*\.(?:a|dylib|tbd)$)|\.(?:framework|a|dylib|tbd|app|appex|xpc|bundle|systemextension)$")
_COPY_DESTINATIONS = {  # dstSubfolderSpec → the folder inside a macOS bundle
    "6": "Contents/MacOS",
    "7": "Contents/Resources",
    "10": "Contents/Frameworks",
    "11": "Contents/SharedFrameworks",
    "12": "Contents/SharedSupport",
    "13": "Contents/PlugIns",
    "15": "Contents/Resources/Java",
}


def read_pbxproj(path: str, data: bytes) -> ProjectFacts:
    """The facts of the project file at workspace-relative `path`. Never raises."""
    parsed, _ = parse_plist(data)
    folder = path.rpartition("/")[0]  # App.xcodeproj
    objects = _Objects(parsed.root, folder.rpartition("/")[0])
    configurations, bases, spans = objects.configurations(objects.project)
    targets = tuple(_target(objects, id, kind) for id, kind in objects.targets())
    problem = parsed.problem
    if not objects.project:
        problem = problem or "there is no PBXProject object in this file"
    elif objects.budget < 0:
        problem = f"the targets of this project refer to more than {MAX_REFERENCES} things; not all are read"
    return ProjectFacts(
        path=path,
        targets=targets,
        problem=problem,
        configurations=configurations,
        bases=bases,
        spans=spans,
        root=objects.root,
    )


Object = dict[str, PlistValue]


class _Objects:
    """The objects of a project file by id, and where their paths lead."""

    def __init__(self, root: PlistValue | None, folder: str) -> None:
        table = root.get("objects") if root is not None else None
        entries = table.entries if table is not None else ()
        self.by_id: dict[str, Object] = {
            entry.key: {field.key: field.value for field in entry.value.entries} for entry in entries
        }
        self.places: dict[str, Span] = {entry.key: entry.key_span for entry in entries}
        self.project = self._project(root)
        self.root = join(folder, text(self.project, "projectDirPath")) or ""
        self.budget = MAX_REFERENCES
        self._parents: dict[str, str] = {}
        self._paths: dict[str, str | None] = {}
        for id, object in self.by_id.items():
            if "children" in object:
                for child in texts(object, "children"):
                    self._parents.setdefault(child, id)

    def _project(self, root: PlistValue | None) -> Object:
        id = root.get("rootObject") if root is not None else None
        named = self.by_id.get(str(id.scalar), {}) if id is not None else {}
        if text(named, "isa") == "PBXProject":
            return named
        for object in self.by_id.values():
            if text(object, "isa") == "PBXProject":
                return object
        return {}

    def get(self, id: str) -> Object:
        return self.by_id.get(id, {})

    def spend(self, count: int) -> bool:
        """Whether `count` more references may be followed. Targets can share lists, so that the work can be the square
        of the file; real projects stay far below."""
        self.budget -= count
        return self.budget >= 0

    def many(self, object: Object, key: str) -> Iterator[tuple[str, Object]]:
        """The objects that a list of ids names, with their ids; dangling ids are left out."""
        for id in texts(object, key):
            if id in self.by_id and self.spend(1):
                yield id, self.by_id[id]

    def targets(self) -> Iterator[tuple[str, str]]:
        """Ids and fallback product types of the targets, in the order of the file's target list."""
        ids = texts(self.project, "targets") or tuple(self.by_id)
        for id in dict.fromkeys(ids):
            kind = _TARGETS.get(text(self.get(id), "isa"))
            if kind is not None:
                yield id, kind

    def path(self, id: str) -> str | None:
        """The workspace-relative path of a file reference or group; None when it lies elsewhere (SDK, products)."""
        if id not in self._paths:
            chain: list[str] = []
            at = id
            while at and at not in self._paths and len(chain) < MAX_GROUP_DEPTH and at not in chain:
                chain.append(at)
                at = self._parents.get(at, "") if text(self.get(at), "sourceTree") == "<group>" else ""
            base = self._paths.get(at, self.root)
            for step in reversed(chain):
                base = self._paths[step] = self._below(base, self.get(step))
        return self._paths.get(id)

    def _below(self, base: str | None, object: Object) -> str | None:
        tree, path = text(object, "sourceTree"), text(object, "path")
        if tree == "SOURCE_ROOT" and len(path) <= MAX_PATH:
            return join(self.root, path)
        if tree != "<group>" or base is None or len(path) > MAX_PATH:
            return None
        return join(base, path)

    def configurations(self, owner: Object) -> tuple[dict[str, dict[str, str]], dict[str, str], dict[str, Span]]:
        """Build settings, base .xcconfig and spans by configuration, of a target or of the project."""
        settings: dict[str, dict[str, str]] = {}
        bases: dict[str, str] = {}
        spans: dict[str, Span] = {}
        for _, configuration in self.many(self.get(text(owner, "buildConfigurationList")), "buildConfigurations"):
            name = text(configuration, "name")
            block = configuration.get("buildSettings")
            if block is not None and self.spend(len(block.entries)):
                settings[name] = {entry.key: setting_text(entry.value) for entry in block.entries}
                spans[name] = block.span
                for entry in block.entries:
                    spans[f"{name}/{entry.key}"] = Span(entry.key_span.start, entry.value.span.end)
            if base := self._base(configuration):
                bases[name] = base
        return settings, bases, spans

    def _base(self, configuration: Object) -> str | None:
        if reference := text(configuration, "baseConfigurationReference"):
            return self.path(reference)
        if anchor := text(configuration, "baseConfigurationReferenceAnchor"):
            folder = self.path(anchor)
            inner = text(configuration, "baseConfigurationReferenceRelativePath")
            return join(folder, inner) if folder is not None else None
        return None

    def files(self, phase: Object) -> Iterator[str]:
        """The workspace-relative paths of a build phase's files; a variant or version group gives its members."""
        for _, build_file in self.many(phase, "files"):
            reference = text(build_file, "fileRef")
            object = self.get(reference)
            members = (reference,)
            if text(object, "isa") in ("PBXVariantGroup", "XCVersionGroup"):
                members = texts(object, "children")
            for member in members if self.spend(len(members)) else ():
                if (path := self.path(member)) and text(self.get(member), "isa") != "PBXReferenceProxy":
                    yield path

    def product_owner(self, reference: str) -> str:
        """The name of the target (here or in another project) that makes a product; "" for any other file. Of a product
        that no project referred to makes, Xcode looks for a target of that name in the whole workspace."""
        object = self.get(reference)
        if text(object, "isa") == "PBXReferenceProxy":
            return text(self.get(text(object, "remoteRef")), "remoteInfo")
        owner = self._owners.get(reference, "")
        if not owner and text(object, "sourceTree") == "BUILT_PRODUCTS_DIR":
            return _PRODUCT.sub("", text(object, "path").rpartition("/")[2])
        return owner

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {text(self.get(id), "productReference"): text(self.get(id), "name") for id, _ in self.targets()}

    @cached_property
    def exceptions(self) -> dict[str, list[tuple[str, list[str]]]]:
        """Target or build phase → the exception sets of synchronised folders for it: id of the folder, and files."""
        found: dict[str, list[tuple[str, list[str]]]] = {}
        for id, group in self.by_id.items():
            if text(group, "isa") == "PBXFileSystemSynchronizedRootGroup" and (folder := self.path(id)) is not None:
                for _, exceptions in self.many(group, "exceptions"):
                    names = texts(exceptions, "membershipExceptions")
                    files = [path for name in names if self.spend(1) and (path := join(folder, name))]
                    owner = text(exceptions, "target") or text(exceptions, "buildPhase")
                    found.setdefault(owner, []).append((id, files))
        return found


def _target(objects: _Objects, id: str, fallback: str) -> Target:
    target = objects.get(id)
    settings, bases, spans = objects.configurations(target)
    spans[""] = target["name"].span if "name" in target else objects.places[id]
    phases = [phase for _, phase in objects.many(target, "buildPhases")]
    folders, excludes, additions = _synchronised(objects, id, target)
    sources = [path for phase in phases if text(phase, "isa") in _COMPILING for path in objects.files(phase)]
    resources = [path for phase in phases if text(phase, "isa") == _RESOURCES for path in objects.files(phase)]
    copies, embeds = _copies(objects, target)
    return Target(
        name=text(target, "name"),
        product_type=text(target, "productType") or fallback,
        sources=unique([*sources, *folders, *additions]),
        settings=settings,
        dependencies=unique(_dependencies(objects, target, phases)),
        embeds=embeds,
        resources=unique(resources),
        excludes=unique(excludes),
        bases=bases,
        copies=copies,
        spans=spans,
        scripts=tuple(_signing_scripts(phases)),
    )


def _signing_scripts(phases: Iterable[Object]) -> Iterator[Script]:
    for phase in phases:
        if text(phase, "isa") == "PBXShellScriptBuildPhase" and "codesign" in (script := text(phase, "shellScript")):
            yield Script(script[:MAX_SCRIPT], phase["shellScript"].span)


def _synchronised(objects: _Objects, id: str, target: Object) -> tuple[list[str], list[str], list[str]]:
    """Folders synchronised with the target (ending in "/"), their files that it leaves out, and files that it takes
    from folders of other targets: an exception set means either, by whether its target owns the folder."""
    own = texts(target, "fileSystemSynchronizedGroups")
    folders = [f"{folder or '.'}/" for group in own if (folder := objects.path(group)) is not None]
    excludes: list[str] = []
    additions: list[str] = []
    for group, files in objects.exceptions.get(id, ()):
        (excludes if group in own else additions).extend(files)
    return folders, excludes, additions


def _copies(objects: _Objects, target: Object) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """What the copy-files phases put where, and the targets whose products they embed."""
    copies: dict[str, list[str]] = {}
    embeds: list[str] = []
    for id, phase in objects.many(target, "buildPhases"):
        if text(phase, "isa") != "PBXCopyFilesBuildPhase":
            continue
        folder = _COPY_DESTINATIONS.get(text(phase, "dstSubfolderSpec"), "")
        destination = "/".join(filter(None, (folder, text(phase, "dstPath").rstrip("/"))))
        copied = list(objects.files(phase))
        for _, files in objects.exceptions.get(id, ()):
            copied += files
        if copied:
            copies.setdefault(destination, []).extend(copied)
        embeds += (objects.product_owner(text(file, "fileRef")) for _, file in objects.many(phase, "files"))
    return {where: unique(files) for where, files in copies.items()}, unique(embeds)


def _dependencies(objects: _Objects, target: Object, phases: list[Object]) -> Iterator[str]:
    """Targets it depends on, package products it uses, and targets whose products it links."""
    for _, dependency in objects.many(target, "dependencies"):
        yield (
            text(objects.get(text(dependency, "target")), "name")
            or text(objects.get(text(dependency, "targetProxy")), "remoteInfo")
            or text(objects.get(text(dependency, "productRef")), "productName").removeprefix("plugin:")
            or text(dependency, "name")
        )
    for _, product in objects.many(target, "packageProductDependencies"):
        yield text(product, "productName")
    for phase in phases:
        if text(phase, "isa") == "PBXFrameworksBuildPhase":
            for _, file in objects.many(phase, "files"):
                yield objects.product_owner(text(file, "fileRef"))


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def text(object: Object, key: str) -> str:
    """A string of an object, "" when absent or something else."""
    value = object.get(key)
    return value.scalar if value is not None and isinstance(value.scalar, str) else ""


def texts(object: Object, key: str) -> tuple[str, ...]:
    value = object.get(key)
    return value.strings if value is not None else ()


def setting_text(value: PlistValue) -> str:
    """A build setting as one text: a list's items are joined by blanks, those that hold blanks in quotes."""
    if value.kind != "array":
        return str(value.scalar) if value.scalar is not None else ""
    return " ".join(f'"{item}"' if " " in item and not item.startswith('"') else item for item in value.strings)


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names in their order, each once, without empty ones."""
    return tuple(dict.fromkeys(name for name in names if name))
