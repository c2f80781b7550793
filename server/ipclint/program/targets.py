"""Which targets compile a file: joins project files, .xcconfig files and property lists of the workspace.

Built from facts alone, and built again only when one of those changes; a target is worked out when first asked for.
Where no project file knows a source, the property lists in its folder give a guess, marked as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ipclint.model.facts import PlistFacts, ProjectFacts, Target
from ipclint.program.launchd import Job, jobs, text_of
from ipclint.program.settings import Level
from ipclint.program.target_info import Evidence, Signing, TargetInfo, is_blessed, work_out

MAX_INCLUDES = 100
"""How many .xcconfig files one configuration may pull in."""
MAX_HOSTS = 500
"""How many targets are followed from a library to the programs that use it."""

_MANIFESTS = frozenset(("project.yml", "project.yaml", "project.json", "Project.swift"))
_SUPPORT_FOLDERS = ("Resources", "Supporting Files", "SupportingFiles", "Support", "Supporting", "Configuration")
_TEST = re.compile(r"(?:^|/)(?:[^/]*Tests?|[Ss]pecs?)/|Tests?\.(?:swift|mm?)$")
_HEADER = re.compile(r"\.(?:h|hh|hpp|pch)$")


class Targets:
    """Every target of the workspace. `privileged` are names of targets that the configuration marks so; `daemons` are
    names or labels of launchd plists that code registers as daemons (`SMAppService.daemon(plistName:)`), be they known
    or not; `installed` are labels of jobs and names of programs that code has root run."""

    def __init__(
        self,
        projects: Iterable[ProjectFacts],
        plists: Iterable[PlistFacts],
        privileged: Iterable[str] = (),
        daemons: Iterable[str] = (),
        installed: Iterable[str] = (),
    ) -> None:
        self._projects = tuple(sorted(_without_manifests(projects), key=lambda project: project.path))
        self._plists = tuple(sorted(plists, key=lambda plist: plist.path))
        self._privileged = frozenset(privileged)
        self._daemons = frozenset(daemons)
        self._installed = frozenset(installed)
        self._members = [(project, target) for project in self._projects for target in project.targets]
        self._sources = _Sources(self._members)
        self._infos: dict[int, TargetInfo] = {}
        blessed = tuple(_blessed_labels(self._plists))
        known = self._daemons | self._installed | {f"{name}.plist" for name in self._installed}
        found = jobs(self._plists, self._projects, known.union(blessed))
        self._evidence = Evidence(
            levels=_levels(self._projects),
            plists={plist.path.lower(): plist for plist in self._plists},
            jobs=found,
            blessed=blessed,
            privileged=self._privileged | self._made_daemon(found),
            installed=self._installed,
        )
        self._in_folder: dict[str, list[PlistFacts]] = {}
        for plist in self._plists:
            if plist.kind != "other":
                self._in_folder.setdefault(plist.path.rpartition("/")[0], []).append(plist)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Targets) and self._inputs() == other._inputs()

    def __hash__(self) -> int:
        return hash(tuple(project.path for project in self._projects))

    def _inputs(self) -> tuple[object, ...]:
        return self._projects, self._plists, self._privileged, self._daemons, self._installed

    def _made_daemon(self, found: Iterable[Job]) -> frozenset[str]:
        """The one tool of a workspace that registers a daemon whose property list a build script makes."""
        tools = {target.name for _, target in self._members if target.product_type.endswith(".tool")}
        is_made = bool(self._daemons) and not any(job.is_root for job in found)
        return frozenset(tools) if is_made and len(tools) == 1 else frozenset()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every launchd job of the workspace, whether or not a target is known that it runs."""
        return self._evidence.jobs

    def all(self) -> tuple[TargetInfo, ...]:
        """Every target of every project, in the order of paths and files."""
        return tuple(map(self._info, range(len(self._members))))

    def targets_of(self, path: str) -> tuple[TargetInfo, ...]:
        """Every target that compiles the source at workspace-relative `path`; () when nothing is known.

        A header, or a file that no project names, gets the targets of its neighbours, `guessed`; failing that one made
        up from the property lists in the nearest folder that has some."""
        numbers = self._sources.of(path)
        if numbers:
            return tuple(map(self._info, numbers))
        neighbours = self._sources.beside(path)
        if neighbours:
            return tuple(replace(self._info(number), guessed=True) for number in neighbours)
        guess = self._guess(path)
        return (guess,) if guess is not None else ()

    def programs_of(self, path: str) -> tuple[TargetInfo, ...]:
        """The programs that the source at `path` ends up in: its targets, or those that use them as libraries. When no
        program is known, the targets themselves."""
        found: dict[int, None] = {}
        numbers = self._sources.of(path) or self._sources.beside(path)
        queue = list(numbers)
        seen = set(queue)
        while queue and len(seen) < MAX_HOSTS:
            number = queue.pop(0)
            if self._info(number).is_program:
                found[number] = None
                continue
            for user in self._sources.users_of(number):
                if user not in seen:
                    seen.add(user)
                    queue.append(user)
        return tuple(map(self._info, found)) or self.targets_of(path)

    def signed_with(self, path: str) -> tuple[tuple[TargetInfo, Signing], ...]:
        """The targets, with the configuration, that the entitlements file at `path` is for."""
        return tuple((info, signing) for info in self.all() for signing in info.signing if signing.path == path)

    def informed_by(self, path: str) -> tuple[TargetInfo, ...]:
        """The targets whose Info.plist, or launchd plist, is at `path`."""
        return tuple(
            info
            for info in self.all()
            if any(plist.path == path for plist in info.infos) or any(job.facts.path == path for job in info.jobs)
        )

    def embedders_of(self, name: str) -> tuple[TargetInfo, ...]:
        """The targets that embed the product of the target of this name."""
        return tuple(info for info in self.all() if name in info.embeds)

    def _info(self, number: int) -> TargetInfo:
        if number not in self._infos:
            self._infos[number] = work_out(*self._members[number], self._evidence)
        return self._infos[number]

    # ── guesses ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _guess(self, path: str) -> TargetInfo | None:
        """A target made up from the property lists of the nearest folder, from the source's own upwards."""
        folder = path.rpartition("/")[0]
        while True:
            inner = (f"{folder}/{name}".lstrip("/") for name in _SUPPORT_FOLDERS)
            plists = [plist for place in (folder, *inner) for plist in self._in_folder.get(place, ())]
            if plists:
                return self._from_plists(path, folder, plists)
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def _from_plists(self, path: str, folder: str, plists: Sequence[PlistFacts]) -> TargetInfo:
        infos = tuple(plist for plist in plists if plist.kind == "info")
        bundle_ids = tuple(filter(None, (_plain_text(info, "CFBundleIdentifier") for info in infos)))
        name = folder.rpartition("/")[2]
        executables = (_plain_text(info, key) for info in infos for key in ("CFBundleExecutable", "CFBundleName"))
        names = {name, *bundle_ids, *executables}
        paths = {plist.path for plist in plists}
        found = tuple(job for job in self.jobs if job.facts.path in paths or _runs_one_of(job, names))
        kinds = {_guessed_product(info) for info in infos}
        return TargetInfo(
            name=name,
            product_type=kinds.pop() if len(kinds) == 1 else "",
            bundle_id=bundle_ids[0] if len(bundle_ids) == 1 else "",
            bundle_ids=bundle_ids,
            platforms=tuple(sorted({platform for info in infos if (platform := _guessed_platform(info))})),
            signing=tuple(Signing("", plist.path, plist, True) for plist in plists if plist.kind == "entitlements"),
            infos=infos,
            jobs=found,
            is_test=_TEST.search(path) is not None,
            is_privileged=name in self._privileged
            or not self._installed.isdisjoint(bundle_ids)
            or any(job.is_root for job in found)
            or any(map(is_blessed, infos)),
            guessed=True,
        )


class _Sources:
    """Which targets, by number, compile a file, stand beside it, or use another target. Paths are compared without
    case, as the usual file system of a Mac does: projects are full of paths that differ from the disk in it."""

    def __init__(self, members: Sequence[tuple[ProjectFacts, Target]]) -> None:
        self._members = members
        self._files: dict[str, list[int]] = {}
        self._folders: dict[str, list[int]] = {}
        self._neighbours: dict[str, dict[int, None]] = {}
        self._named: dict[str, list[int]] = {}
        for number, (_, target) in enumerate(members):
            self._named.setdefault(target.name, []).append(number)
            for source in map(str.lower, target.sources):
                if source.endswith("/"):
                    self._folders.setdefault(source.removeprefix("./"), []).append(number)
                else:
                    self._files.setdefault(source, []).append(number)
                    self._neighbours.setdefault(source.rpartition("/")[0], {})[number] = None
                    self._neighbours.setdefault(source.rpartition(".")[0], {})[number] = None
        self._users: dict[int, list[int]] | None = None

    def of(self, path: str) -> list[int]:
        """Those that list the file, or of each project those of the innermost folder around it."""
        path = path.lower()
        numbers = dict.fromkeys(self._files.get(path, ()))
        folder = path
        settled: set[str] = set()
        while folder:
            folder = folder.rstrip("/").rpartition("/")[0]
            folder = f"{folder}/" if folder else ""
            for number in self._folders.get(folder, ()):
                project, target = self._members[number]
                if project.path not in settled and not _excluded(path, target.excludes):
                    numbers[number] = None
            settled |= {self._members[number][0].path for number in self._folders.get(folder, ())}
        return list(numbers)

    def beside(self, path: str) -> list[int]:
        """For a header those that compile its implementation, else those that compile a file of the same folder."""
        path = path.lower()
        if _HEADER.search(path) and (numbers := self._neighbours.get(path.rpartition(".")[0])):
            return list(numbers)
        return list(self._neighbours.get(path.rpartition("/")[0], ()))

    def users_of(self, number: int) -> list[int]:
        """The targets that depend on this one; of targets of one name, those of the same project are meant first."""
        if self._users is None:
            self._users = {}
            for user, (project, target) in enumerate(self._members):
                for name in target.dependencies:
                    same_name = self._named.get(name, [])
                    same_project = [used for used in same_name if self._members[used][0] is project]
                    for used in same_project or same_name:
                        self._users.setdefault(used, []).append(user)
        return self._users.get(number, [])


def _without_manifests(projects: Iterable[ProjectFacts]) -> Iterator[ProjectFacts]:
    """The projects, without the manifests whose generated project stands beside them, or that others include."""
    projects = tuple(projects)
    included = {path for project in projects for path in project.includes}
    projects = tuple(p for p in projects if p.path not in included or p.path.endswith(".xcconfig"))
    made: dict[str, set[str]] = {}
    for project in projects:
        folder, _, name = project.path.rpartition("/")
        if name == "project.pbxproj":
            made.setdefault(folder.rpartition("/")[0], set()).update(target.name for target in project.targets)
    for project in projects:
        folder, _, name = project.path.rpartition("/")
        if name not in _MANIFESTS or not any(target.name in made.get(folder, ()) for target in project.targets):
            yield project


def _excluded(path: str, excludes: Iterable[str]) -> bool:
    return any(path == excluded or path.startswith(f"{excluded}/") for excluded in map(str.lower, excludes))


def _levels(projects: Iterable[ProjectFacts]) -> dict[str, Level]:
    """Every .xcconfig with what it includes; its own settings win, then those of later includes."""
    files = {project.path: project for project in projects if project.path.endswith(".xcconfig")}
    return {path: Level(_merged(path, files)) for path in files}


def _merged(path: str, files: dict[str, ProjectFacts]) -> dict[str, str]:
    order: list[str] = []
    stack = [path]
    while stack and len(order) < MAX_INCLUDES:
        current = stack.pop()
        if current in files and current not in order:
            order.append(current)
            stack += files[current].includes
    merged: dict[str, str] = {}
    for current in reversed(order):
        merged |= files[current].settings
    return merged


def _blessed_labels(plists: Iterable[PlistFacts]) -> Iterator[str]:
    """The labels that apps name in SMPrivilegedExecutables, variables as written."""
    for plist in plists:
        listed = plist.root.get("SMPrivilegedExecutables") if plist.root is not None else None
        if listed is not None:
            yield from (entry.key for entry in listed.entries)


def _plain_text(plist: PlistFacts, key: str) -> str:
    """A text without variables, else ""."""
    text = text_of(plist, key)
    return "" if "$" in text else text


def _runs_one_of(job: Job, names: set[str]) -> bool:
    """Whether a job is labelled with one of the names or runs a program of such a name."""
    return job.label in names or any(program.rpartition("/")[2] in names for program in job.programs)


def _guessed_product(info: PlistFacts) -> str:
    """The product type that an Info.plist speaks of, "" when it does not tell."""
    if info.root is None:
        return ""
    if info.root.get("XPCService") is not None or _plain_text(info, "CFBundlePackageType") == "XPC!":
        return "com.apple.product-type.xpc-service"
    if info.root.get("NSExtension") is not None:
        return "com.apple.product-type.app-extension"
    if is_blessed(info):
        return "com.apple.product-type.tool"
    kinds = {"APPL": "application", "FMWK": "framework", "BNDL": "bundle", "SYSX": "system-extension"}
    kind = kinds.get(_plain_text(info, "CFBundlePackageType"))
    return f"com.apple.product-type.{kind}" if kind else ""


def _guessed_platform(info: PlistFacts) -> str:
    keys = {entry.key for entry in info.root.entries} if info.root is not None else frozenset[str]()
    if keys & {"LSRequiresIPhoneOS", "UIDeviceFamily", "UILaunchStoryboardName", "UISupportedInterfaceOrientations"}:
        return "ios"
    if keys & {"LSMinimumSystemVersion", "NSMainNibFile", "NSMainStoryboardFile", "XPCService", "SMAuthorizedClients"}:
        return "macos"
    return ""
