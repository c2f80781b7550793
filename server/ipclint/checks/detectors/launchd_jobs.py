"""PLIST104: launchd jobs whose program, environment or sockets others can influence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import PlistFacts, PlistValue
from ipclint.model.finding import Confidence, Finding, Place, Severity
from ipclint.program.configuration import targets
from ipclint.program.launchd import Job
from ipclint.program.program import Program, UnitRef

_ANYBODY = re.compile(r"^/(?:private/)?(?:var/)?tmp/|^/Users/")
_ADMIN = re.compile(r"^/(?:usr/local|opt/homebrew|opt/local|Applications)/")
_INTERPRETERS = re.compile(r"^/(?:usr/)?bin/(?:env|bash|sh|zsh|python3?|ruby|perl|osascript)$")
_OWNER_ONLY = 0o600
_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\})/")


@detector("launchd-job-overexposed", on="plist")
def launchd_job_overexposed(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    known = targets(program)
    job = next((job for job in known.jobs if job.facts.path == ref.path), None) if known is not None else None
    if job is None or unit.root is None:
        return
    yield from _of_program(rule, ref, unit.root, job)
    yield from _of_environment(rule, ref, unit.root, job)
    sockets = unit.root.get("Sockets")
    for entry in sockets.entries if sockets is not None else ():
        for each in entry.value.items or (entry.value,):
            yield from _of_socket(rule, ref, each, entry.key)


def _of_program(rule: Rule, ref: UnitRef, root: PlistValue, job: Job) -> Iterator[Finding]:
    """What is run: the program, and the script that an interpreter is given."""
    if root.get("BundleProgram") is not None:
        return
    run, arguments = root.get("Program"), root.get("ProgramArguments")
    words = [each for each in arguments.items if isinstance(each.scalar, str)] if arguments is not None else []
    values = [run] if run is not None else words[:1]
    first = values[0].scalar if values else ""
    if isinstance(first, str) and _INTERPRETERS.match(first):
        values += [each for each in words[1:3] if str(each.scalar).startswith(("/", "~"))][:1]
    for value in values:
        path = value.scalar if isinstance(value.scalar, str) else ""
        if _ANYBODY.match(path) or (job.is_root and _HOME.match(path)):
            severity: Severity = "high" if job.is_root else "medium"
            yield _at(rule, ref, value, severity, "program", path=path, who="other users or programs")
            return
        if job.is_root and _ADMIN.match(path):
            who = "every program of an administrator"
            yield _at(rule, ref, value, "medium", "program", "likely", path=path, who=who)
            return


def _of_environment(rule: Rule, ref: UnitRef, root: PlistValue, job: Job) -> Iterator[Finding]:
    severity: Severity = "high" if job.is_root else "medium"
    environment = root.get("EnvironmentVariables")
    for entry in environment.entries if environment is not None else ():
        text = entry.value.scalar if isinstance(entry.value.scalar, str) else ""
        if entry.key.startswith("DYLD_"):
            yield _at(rule, ref, entry.value, severity, "environment", name=entry.key)
        elif entry.key == "PATH" and job.is_root:
            open_folder = next((each for each in text.split(":") if _ANYBODY.match(f"{each}/") or each == "."), "")
            if open_folder:
                yield _at(rule, ref, entry.value, severity, "environment", name=f"PATH with {open_folder}")
    for entry in root.entries:
        if entry.key in ("WaitForDebugger", "Debug") and entry.value.scalar is True:
            whole = Place(ref.path, "", entry.key_span.start, entry.value.span.end)
            place = Place(ref.path, "", entry.key_span.start, entry.key_span.end)
            yield rule.finding(place, severity="low", context="debug", holes={"key": entry.key, "entry": whole})


def _of_socket(rule: Rule, ref: UnitRef, socket: PlistValue, name: str) -> Iterator[Finding]:
    mode, path = socket.get("SockPathMode"), socket.get("SockPathName")
    if mode is not None and isinstance(mode.scalar, int) and mode.scalar & 0o777 & ~_OWNER_ONLY:
        element = Place(ref.path, "", mode.span.start, mode.span.end)
        holes: dict[str, str | Place] = {
            "mode": f"{mode.scalar:o}",
            "socket": name,
            "element": element,
            "better": f"<integer>{_OWNER_ONLY}</integer>",
        }
        everybody = mode.scalar & 0o007
        yield rule.finding(element, severity="medium" if everybody else "low", context="mode", holes=holes)
    if path is not None and isinstance(path.scalar, str) and _ANYBODY.match(path.scalar):
        yield _at(rule, ref, path, "medium", "path", path=path.scalar)
    service, node = socket.get("SockServiceName"), socket.get("SockNodeName")
    if service is not None and path is None:
        outgoing = socket.get("SockPassive")
        if (outgoing is None or outgoing.scalar is not False) and (node is None or node.scalar in ("0.0.0.0", "::")):
            yield _at(rule, ref, service, "medium", "network", socket=name)


def _at(
    rule: Rule,
    ref: UnitRef,
    value: PlistValue,
    severity: Severity,
    context: str,
    confidence: Confidence = "certain",
    **holes: str,
) -> Finding:
    place = Place(ref.path, "", value.span.start, value.span.end)
    return rule.finding(place, confidence, severity=severity, context=context, holes=holes)
