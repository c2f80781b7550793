"""launchd jobs: what a launchd property list runs, and whether as a daemon (root) or as an agent (the user)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal as OneOf

from ipclint.model.facts import PlistFacts, ProjectFacts

Role = OneOf["daemon", "agent", "unknown"]


@dataclass(frozen=True)
class Job:
    """A launchd property list. A daemon runs as root unless it names another user, an agent as who is logged in."""

    facts: PlistFacts
    label: str  # variables as written
    programs: tuple[str, ...]  # Program, BundleProgram, first of ProgramArguments
    services: tuple[str, ...]  # the names in MachServices
    role: Role
    user: str = ""  # UserName

    @property
    def is_root(self) -> bool:
        return self.role == "daemon" and self.user in ("", "root")


def jobs(plists: Iterable[PlistFacts], projects: Iterable[ProjectFacts], daemons: Iterable[str]) -> tuple[Job, ...]:
    """The job of every launchd plist. `daemons` are labels or names of plists that are known to be daemons."""
    copied = _copied(projects)
    known = frozenset(daemons)
    return tuple(_job(plist, copied.get(plist.path, ""), known) for plist in plists if plist.kind == "launchd")


def _copied(projects: Iterable[ProjectFacts]) -> dict[str, str]:
    """File → where in a product a copy-files phase puts it."""
    return {
        file: destination
        for project in projects
        for target in project.targets
        for destination, files in target.copies.items()
        for file in files
    }


def _job(plist: PlistFacts, destination: str, daemons: frozenset[str]) -> Job:
    label = text_of(plist, "Label")
    arguments = plist.root.get("ProgramArguments") if plist.root is not None else None
    services = plist.root.get("MachServices") if plist.root is not None else None
    named = (text_of(plist, "Program"), text_of(plist, "BundleProgram"))
    programs = tuple(filter(None, (*named, *(arguments.strings[:1] if arguments is not None else ()))))
    return Job(
        facts=plist,
        label=label,
        programs=programs,
        services=tuple(entry.key for entry in services.entries) if services is not None else (),
        role=_role(plist, destination, label, programs, daemons),
        user=text_of(plist, "UserName"),
    )


def _role(plist: PlistFacts, destination: str, label: str, programs: tuple[str, ...], daemons: frozenset[str]) -> Role:
    """By where it is installed, then by what else is known of it, by its keys, and last by how it is named."""
    folder, _, name = plist.path.rpartition("/")
    if "LaunchDaemons" in destination or daemons & {name, label}:
        return "daemon"
    if "LaunchAgents" in destination:
        return "agent"
    keys = {entry.key for entry in plist.root.entries} if plist.root is not None else frozenset[str]()
    if "LimitLoadToSessionType" in keys:
        return "agent"
    if not programs or any("/PrivilegedHelperTools/" in program for program in programs):
        return "daemon"  # a job that names no program is part of an SMJobBless helper, which is the program
    if keys & {"UserName", "GroupName", "SessionCreate"}:
        return "daemon"
    for words in (folder.lower(), f"{name} {label}".lower()):
        if "launchdaemon" in words or ("daemon" in words and "agent" not in words):
            return "daemon"
        if "launchagent" in words or ("agent" in words and "daemon" not in words):
            return "agent"
    return "unknown"


def text_of(plist: PlistFacts, key: str) -> str:
    """The text under a top-level key, "" when absent or something else."""
    value = plist.root.get(key) if plist.root is not None else None
    return value.scalar if value is not None and isinstance(value.scalar, str) else ""
