"""One target, worked out from its project, its .xcconfig files and the property lists they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ipclint.model.facts import PlistFacts, ProjectFacts, Target
from ipclint.model.paths import join
from ipclint.program.launchd import Job, text_of
from ipclint.program.settings import BuildSettings, Level

_PLATFORM_OF_SDK = {
    "macosx": "macos",
    "iphoneos": "ios",
    "iphonesimulator": "ios",
    "appletvos": "tvos",
    "appletvsimulator": "tvos",
    "watchos": "watchos",
    "watchsimulator": "watchos",
    "xros": "visionos",
    "xrsimulator": "visionos",
    "driverkit": "driverkit",
}
_DEPLOYMENT_SETTING = {
    "macos": "MACOSX_DEPLOYMENT_TARGET",
    "ios": "IPHONEOS_DEPLOYMENT_TARGET",
    "tvos": "TVOS_DEPLOYMENT_TARGET",
    "watchos": "WATCHOS_DEPLOYMENT_TARGET",
    "visionos": "XROS_DEPLOYMENT_TARGET",
    "driverkit": "DRIVERKIT_DEPLOYMENT_TARGET",
}
_DEFAULTS = {
    "PRODUCT_NAME": "$(TARGET_NAME)",
    "EXECUTABLE_NAME": "$(EXECUTABLE_PREFIX)$(PRODUCT_NAME)$(EXECUTABLE_SUFFIX)",
    "EXECUTABLE_PREFIX": "",
    "EXECUTABLE_SUFFIX": "",
    "PRODUCT_MODULE_NAME": "$(PRODUCT_NAME:c99extidentifier)",
    "TARGETNAME": "$(TARGET_NAME)",
    "SRCROOT": ".",
    "SOURCE_ROOT": ".",
    "PROJECT_DIR": ".",
}
_PROGRAM_KINDS = ("application", "tool", "xpc-service", "executable")
_FLAG = re.compile(r'"[^"]*"|[^\s,"]+')
_SHIPPING = ("release", "appstore", "app store", "production", "distribution", "deployment")


@dataclass(frozen=True)
class Signing:
    """The entitlements of a target in one configuration. `declared`: CODE_SIGN_ENTITLEMENTS is set; `path` is its value
    as a workspace-relative path ("" when not set or not resolvable), `facts` the file there (None when not indexed)."""

    configuration: str
    path: str
    facts: PlistFacts | None
    declared: bool


@dataclass(frozen=True)
class TargetInfo:
    """One target, worked out. `guessed`: no project file says so, folders and file names do."""

    name: str
    project: str = ""  # path of the project file
    product_type: str = ""  # as in facts.Target; "" when unknown
    bundle_id: str = ""  # of the configuration that ships; "" when unknown, unresolved variables as written
    bundle_ids: tuple[str, ...] = ()  # of all configurations
    product_name: str = ""
    platforms: tuple[str, ...] = ()  # "macos", "ios", "maccatalyst", "tvos", "watchos", "visionos"…; () when unknown
    deployment: Mapping[str, str] = field(default_factory=dict[str, str])  # platform → lowest version
    team: str = ""
    signing: tuple[Signing, ...] = ()  # one a configuration, the one that ships first
    infos: tuple[PlistFacts, ...] = ()  # Info.plist files, that of the configuration that ships first
    jobs: tuple[Job, ...] = ()  # launchd jobs that run it
    dependencies: tuple[str, ...] = ()
    embeds: tuple[str, ...] = ()
    is_test: bool = False
    is_privileged: bool = False  # LaunchDaemon, SMJobBless tool, SMAppService daemon, system extension, or marked so
    settings: tuple[BuildSettings, ...] = ()  # one a configuration, the one that ships first
    guessed: bool = False

    @property
    def is_embedded_service(self) -> bool:
        """An XPC service bundle, reachable only from what contains it."""
        return self.product_type.endswith(".xpc-service")

    @property
    def is_extension(self) -> bool:
        """An app extension of any kind; a system extension is a program of its own."""
        return "extension" in self.product_type and not self.product_type.endswith(".system-extension")

    @property
    def is_program(self) -> bool:
        """Whether it runs as a process, unlike a library, framework or test bundle."""
        return is_program(self.product_type)

    def setting(self, key: str) -> dict[str, str | None]:
        """A build setting, expanded, by configuration; None where nothing sets it."""
        return {settings.configuration: settings.get(key) for settings in self.settings}


@dataclass(frozen=True)
class Evidence:
    """What the whole workspace knows, for the work on one target."""

    levels: Mapping[str, Level]  # .xcconfig path → its level, includes merged
    plists: Mapping[str, PlistFacts]  # by path in lower case
    jobs: tuple[Job, ...]
    blessed: tuple[str, ...]  # labels that apps list in SMPrivilegedExecutables, variables as written
    privileged: frozenset[str]  # names of targets
    installed: frozenset[str] = frozenset()  # labels of jobs and names of programs that code has root run


def work_out(project: ProjectFacts, target: Target, evidence: Evidence) -> TargetInfo:
    """Everything known of a target."""
    settings = tuple(_settings(project, target, evidence))
    plists = evidence.plists
    if project.plists:
        plists = {path.lower(): facts for path, facts in project.plists.items()} | dict(plists)
    signing = tuple(_signing(project, each, plists) for each in settings)
    infos = tuple(dict.fromkeys(path for each in settings for path in _info_paths(project, each)))
    found = tuple(plists[path.lower()] for path in infos if path.lower() in plists)
    bundle_ids = tuple(dict.fromkeys(filter(None, (_bundle_id(each, found) for each in settings))))
    product = (settings[0].get("PRODUCT_NAME") or target.name) if settings else target.name
    runs = is_program(target.product_type)
    is_app = target.product_type.removeprefix("com.apple.product-type.").startswith("application")
    jobs = tuple(_jobs(project, target, settings, frozenset((*bundle_ids, product)), product, evidence)) if runs else ()
    platforms, deployment = _platforms(project, target, settings)
    return TargetInfo(
        name=target.name,
        project=project.path,
        product_type=target.product_type,
        bundle_id=bundle_ids[0] if bundle_ids else "",
        bundle_ids=bundle_ids,
        product_name=product,
        platforms=platforms,
        deployment=deployment,
        team=next(filter(None, (each.get("DEVELOPMENT_TEAM") for each in settings)), ""),
        signing=signing,
        infos=found,
        jobs=jobs,
        dependencies=target.dependencies,
        embeds=target.embeds,
        is_test=target.product_type == "test" or "test" in target.product_type.rpartition(".")[2],
        is_privileged=target.name in evidence.privileged
        or target.product_type.endswith(".system-extension")
        or (runs and not jobs and not is_app and not evidence.installed.isdisjoint((*bundle_ids, product)))
        or any(job.is_root for job in jobs)
        or any(map(is_blessed, found))
        or any(each.expand(label) in (*bundle_ids, product) for label in evidence.blessed for each in settings[:1]),
        settings=settings,
    )


def is_program(product_type: str) -> bool:
    """Whether products of this type run as processes of their own."""
    kind = product_type.removeprefix("com.apple.product-type.")
    return kind.startswith(_PROGRAM_KINDS) or "extension" in kind


def is_blessed(info: PlistFacts) -> bool:
    """Whether an Info.plist is that of an SMJobBless helper (an app may hold its helper's key as a leftover)."""
    keys = {entry.key for entry in info.root.entries} if info.root is not None else frozenset[str]()
    return "SMAuthorizedClients" in keys and "SMPrivilegedExecutables" not in keys


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _settings(project: ProjectFacts, target: Target, evidence: Evidence) -> Iterator[BuildSettings]:
    """One a configuration, the one that ships first."""
    names = list(dict.fromkeys([*target.settings, *target.bases, *project.configurations]))
    names.sort(key=lambda name: (name.lower() != "release", not any(word in name.lower() for word in _SHIPPING)))
    defaults = Level(_DEFAULTS)
    for name in names:
        written: list[Level] = []
        for settings, bases in ((target.settings, target.bases), (project.configurations, project.bases)):
            if name in settings:
                written.append(Level(settings[name]))
            if bases.get(name) in evidence.levels:
                written.append(evidence.levels[bases[name]])
        own = {"TARGET_NAME": target.name, "CONFIGURATION": name, "PROJECT_NAME": _stem(project)}
        own["CFBundleIdentifier"] = "$(PRODUCT_BUNDLE_IDENTIFIER)"  # entitlements may name it
        settings = BuildSettings((*written, Level(own), defaults), name)
        own["PLATFORM_NAME"] = sdk = _sdks(settings)[0]
        if team := settings.get("DEVELOPMENT_TEAM"):
            own["TeamIdentifierPrefix"] = own["AppIdentifierPrefix"] = f"{team}."
        yield BuildSettings((*written, Level(own), defaults), name, sdk)


def _stem(project: ProjectFacts) -> str:
    """The project's name: "App" of App.xcodeproj/project.pbxproj."""
    return project.path.rpartition("/")[0].rpartition("/")[2].removesuffix(".xcodeproj")


def _sdks(settings: BuildSettings) -> list[str]:
    """The SDKs a configuration builds for, the base SDK first; Xcode's own default is macosx."""
    base = (settings.get("SDKROOT") or "").rpartition("/")[2].lower().rstrip("0123456789.")
    supported = (settings.get("SUPPORTED_PLATFORMS") or "").split()
    if base in _PLATFORM_OF_SDK:
        return [base, *supported]
    if supported:
        return supported
    by_target = {"macosx": "macos", "iphoneos": "ios", "appletvos": "tvos", "watchos": "watchos", "xros": "visionos"}
    return [sdk for sdk, name in by_target.items() if settings.raw(_DEPLOYMENT_SETTING[name])] or ["macosx"]


def _platforms(
    project: ProjectFacts, target: Target, all_settings: Iterable[BuildSettings]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The platforms it is built for and the lowest deployment target of each."""
    platforms: dict[str, None] = {}
    versions: dict[str, list[str]] = {}
    if not target.product_type.startswith("com.apple.") and not project.configurations:  # a Swift package
        for platform, key in _DEPLOYMENT_SETTING.items():
            if key in project.settings:
                platforms[platform] = None
                versions[platform] = [project.settings[key]]
    else:
        for settings in all_settings:
            for sdk in _sdks(settings):
                if platform := _PLATFORM_OF_SDK.get(sdk):
                    platforms[platform] = None
                    if version := settings.get(_DEPLOYMENT_SETTING[platform]):
                        versions.setdefault(platform, []).append(version)
            if settings.get("SUPPORTS_MACCATALYST") == "YES":
                platforms["maccatalyst"] = None
    return tuple(platforms), {platform: min(found, key=version_key) for platform, found in versions.items()}


def version_key(version: str) -> tuple[int, ...]:
    """For comparing versions by number: "10.9" before "10.13"."""
    return tuple(int(part) if part.isascii() and part.isdigit() else 0 for part in version.split("."))


# ── property lists ───────────────────────────────────────────────────────────────────────────────────────────────────


def _file(project: ProjectFacts, value: str | None) -> str:
    """A path setting as a workspace-relative path, "" when it cannot be resolved."""
    path = join(project.root, value.strip('"')) if value else None
    return path if path and "$" not in path else ""


def _signing(project: ProjectFacts, settings: BuildSettings, plists: Mapping[str, PlistFacts]) -> Signing:
    value = settings.get("CODE_SIGN_ENTITLEMENTS")
    path = _file(project, value)
    facts = plists.get(path.lower())
    if facts is not None and path in project.plists and facts is project.plists[path]:
        path = facts.path  # made from the manifest, which is where it can be read
    return Signing(settings.configuration, path, facts, bool(value))


def _info_paths(project: ProjectFacts, settings: BuildSettings) -> Iterator[str]:
    """INFOPLIST_FILE, and a property list that the linker puts into a tool."""
    yield _file(project, settings.get("INFOPLIST_FILE"))
    yield from _linked(project, settings, "__info_plist")


def _linked(project: ProjectFacts, settings: BuildSettings, section: str) -> Iterator[str]:
    """Files of `-sectcreate __TEXT SECTION FILE` in the linker flags, also spelled `-Xlinker …` and `-Wl,…`."""
    flags = settings.get("OTHER_LDFLAGS") or ""
    if section in flags:
        words = [word.strip('"') for word in _FLAG.findall(flags) if word not in ("-Xlinker", "-Wl")]
        for word, following in pairwise(words):
            if word == section:
                yield _file(project, following)


def _bundle_id(settings: BuildSettings, infos: Iterable[PlistFacts]) -> str:
    """The Info.plist decides, unless it holds a variable that cannot be resolved."""
    for info in infos:
        text = settings.expand(text_of(info, "CFBundleIdentifier"))
        if text and "$" not in text:
            return text
    return settings.get("PRODUCT_BUNDLE_IDENTIFIER") or ""


def _jobs(
    project: ProjectFacts,
    target: Target,
    all_settings: tuple[BuildSettings, ...],
    names: frozenset[str],
    product: str,
    evidence: Evidence,
) -> Iterator[Job]:
    """Jobs that run the target's product, that its linker puts in it, or whose label is one of its `names`."""
    shipping = all_settings[0] if all_settings else BuildSettings((), "")
    by_label = not target.product_type.endswith(".application")  # apps share the label of jobs that run their helpers
    linked = {path.lower() for settings in all_settings for path in _linked(project, settings, "__launchd_plist")}
    for job in evidence.jobs:
        programs = {shipping.expand(program).rpartition("/")[2] for program in job.programs}
        labelled = shipping.expand(job.label) in names and (not programs or by_label)
        if labelled or product in programs or job.facts.path.lower() in linked:
            yield job
