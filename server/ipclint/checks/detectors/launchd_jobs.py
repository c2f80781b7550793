"""PLIST104: launchd jobs whose program, environment or sockets others can influence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import PlistFacts, PlistValue
from ipclint.model.finding import Confidence, Finding, Place, Severity
from ipclint.program.configuration import targets
from ipclint.program.program import Program, UnitRef

_ANYBODY = re.compile(r"^/(?:private/)?(?:var/)?tmp/|^/Users/")
_ADMIN = re.compile(
    r"^/(?:Applications|opt/homebrew|usr/local/(?:bin|sbin|lib|opt|Cellar|Caskroom|share|etc|var|Homebrew))/"
)
_MAYBE_ADMIN = re.compile(r"^/(?:usr/local|opt/local)/")  # the folder itself is root's, unless Homebrew took it over
_PEER_CHECKS = ("getpeereid", "LOCAL_PEERCRED", "LOCAL_PEERTOKEN")
_INTERPRETERS = re.compile(r"^/(?:usr/)?bin/(?:env|bash|sh|zsh|python3?|ruby|perl|osascript)$")
_OWNER_ONLY = 0o600
_WRITTEN = ("StandardOutPath", "StandardErrorPath")
_PLAIN = re.compile(r"(?![A-Z0-9_]+$)[A-Za-z][\w-]*")
"""A name of one word; one in capitals alone is a macro's, which a build fills in."""
_TEST = re.compile(r"(?i)(?:^|[/._-])tests?(?:[/._-]|$)")
_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\})/")


@detector("launchd-job-overexposed", on="plist")
def launchd_job_overexposed(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    known = targets(program)
    job = next((job for job in known.jobs if job.facts.path == ref.path), None) if known is not None else None
    if job is not None and unit.root is not None and not _TEST.search(ref.path):
        yield from judge(rule, program, ref, unit.root, job.is_root)


def judge(rule: Rule, program: Program, ref: UnitRef, root: PlistValue, is_root: bool) -> Iterator[Finding]:
    """What others can influence in a job. Spans in `root` are those of the file, or of the unit `ref` in code."""
    yield from _of_program(rule, ref, root, is_root)
    yield from _of_environment(rule, ref, root, is_root)
    for key in _WRITTEN if is_root else ():
        log = root.get(key)
        if log is not None and isinstance(log.scalar, str) and (_ANYBODY.match(log.scalar) or _HOME.match(log.scalar)):
            yield _at(rule, ref, log, "medium", "log", "likely", path=log.scalar)
    yield from _of_names(rule, ref, root)
    sockets = root.get("Sockets")
    for entry in sockets.entries if sockets is not None else ():
        for each in entry.value.items or (entry.value,):
            yield from _of_socket(rule, program, ref, each, entry.key)


def _of_program(rule: Rule, ref: UnitRef, root: PlistValue, is_root: bool) -> Iterator[Finding]:
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
        if _ANYBODY.match(path) or (is_root and _HOME.match(path)):
            severity: Severity = "high" if is_root else "medium"
            yield _at(rule, ref, value, severity, "program", path=path, who="other users or programs")
            return
        if is_root and (_ADMIN.match(path) or _MAYBE_ADMIN.match(path)):
            sure = _ADMIN.match(path) is not None
            who = "every program of an administrator" + ("" if sure else ", where Homebrew owns /usr/local,")
            severity = "medium" if sure else "low"
            yield _at(rule, ref, value, severity, "program", "likely" if sure else "hint", path=path, who=who)
            return


def _of_environment(rule: Rule, ref: UnitRef, root: PlistValue, is_root: bool) -> Iterator[Finding]:
    severity: Severity = "high" if is_root else "medium"
    environment = root.get("EnvironmentVariables")
    for entry in environment.entries if environment is not None else ():
        text = entry.value.scalar if isinstance(entry.value.scalar, str) else ""
        if entry.key.startswith("DYLD_"):
            yield _at(rule, ref, entry.value, severity, "environment", name=entry.key)
        elif entry.key == "PATH" and is_root:
            open_folder = next((each for each in text.split(":") if _ANYBODY.match(f"{each}/") or each == "."), "")
            if open_folder:
                yield _at(rule, ref, entry.value, severity, "environment", name=f"PATH with {open_folder}")
    for entry in root.entries:
        if entry.key in ("WaitForDebugger", "Debug") and entry.value.scalar is True:
            whole = Place(ref.path, ref.key, entry.key_span.start, entry.value.span.end)
            place = Place(ref.path, ref.key, entry.key_span.start, entry.key_span.end)
            yield rule.finding(place, severity="low", context="debug", holes={"key": entry.key, "entry": whole})


def _of_names(rule: Rule, ref: UnitRef, root: PlistValue) -> Iterator[Finding]:
    """Names in the one list that all jobs share: without a domain of yours, another job may have them already."""
    services = root.get("MachServices")
    for entry in services.entries if services is not None else ():
        if _PLAIN.fullmatch(entry.key):
            place = Place(ref.path, ref.key, entry.key_span.start, entry.key_span.end)
            yield rule.finding(place, "likely", severity="low", context="name", holes={"name": entry.key})
    label = root.get("Label")
    if label is not None and isinstance(label.scalar, str) and _PLAIN.fullmatch(label.scalar):
        yield _at(rule, ref, label, "info", "label", "likely", name=label.scalar)


def _of_socket(rule: Rule, program: Program, ref: UnitRef, socket: PlistValue, name: str) -> Iterator[Finding]:
    mode, path = socket.get("SockPathMode"), socket.get("SockPathName")
    if mode is not None and isinstance(mode.scalar, int) and mode.scalar & 0o777 & ~_OWNER_ONLY:
        element = Place(ref.path, ref.key, mode.span.start, mode.span.end)
        holes: dict[str, str | Place] = {
            "mode": f"{mode.scalar:o}",
            "socket": name,
            "element": element,
            "better": f"<integer>{_OWNER_ONLY}</integer>",
        }
        grave = mode.scalar & 0o007 and not any(program.mentioning(word) for word in _PEER_CHECKS)
        yield rule.finding(
            element,
            "certain" if grave else "likely",
            severity="medium" if grave else "low",
            context="mode" if grave else "mode-known",
            holes=holes,
        )
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
    place = Place(ref.path, ref.key, value.span.start, value.span.end)
    return rule.finding(place, confidence, severity=severity, context=context, holes=holes)
