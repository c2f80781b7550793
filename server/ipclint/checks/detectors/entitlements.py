"""ENT101 to ENT105: entitlements of what ships that open the process, other processes or the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import PlistEntry, PlistFacts, PlistValue
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.program.configuration import targets
from ipclint.program.constants import fold
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.target_info import Signing, TargetInfo
from ipclint.program.usage import uses_of

_DEBUG = re.compile(r"(?i)debug|(?<![a-z])dev(?:elop|elopment)?(?![a-z])|(?<![a-z])tests?(?![a-z])")


def entries_of(program: Program, unit: PlistFacts) -> tuple[PlistEntry, ...]:
    """The entries of an entitlements file that is signed into something that ships; () for other files."""
    if unit.kind != "entitlements" or unit.root is None or not _ships(program, unit):
        return ()
    return unit.root.entries


def _ships(program: Program, unit: PlistFacts) -> bool:
    """False for a file of debug builds, of tests or of the simulator alone: by the configurations that name it, else by
    its name."""
    carried = _carried(program, unit)
    if carried:
        return any(
            not _DEBUG.search(signing.configuration) and not target.is_test and not _is_simulated(target)
            for target, signing in carried
        )
    return not _DEBUG.search(unit.path.rpartition("/")[2])


def _carried(program: Program, unit: PlistFacts) -> list[tuple[TargetInfo, Signing]]:
    """The targets, with the configuration, whose entitlements these are; a manifest may make several that differ."""
    known = targets(program)
    found = known.signed_with(unit.path) if known is not None else ()
    return [(target, signing) for target, signing in found if signing.facts == unit]


def _is_simulated(target: TargetInfo) -> bool:
    return bool(target.settings) and all(each.sdk.endswith("simulator") for each in target.settings)


def signed(program: Program, unit: PlistFacts) -> tuple[TargetInfo, ...]:
    """The targets whose programs carry these entitlements."""
    carriers = (target for target, _ in _carried(program, unit))
    return tuple({(target.project, target.name): target for target in carriers}.values())


def is_true(value: PlistValue) -> bool:
    return value.scalar is True


def entry_finding(
    rule: Rule,
    path: str,
    entry: PlistEntry,
    *,
    context: str = "",
    variant: str = "",
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    steps: tuple[Step, ...] = (),
    **holes: str,
) -> Finding:
    """A finding at the key of an entry."""
    place = Place(path, "", entry.key_span.start, entry.key_span.end)
    whole = Place(path, "", entry.key_span.start, entry.value.span.end)
    named = {"key": entry.key, "entry": whole, **holes}
    return rule.finding(
        place, confidence, context=context, variant=variant, severity=severity, holes=named, steps=steps
    )


# ── the process itself ───────────────────────────────────────────────────────────────────────────────────────────────


@detector("debuggable-release", on="plist")
def debuggable_release(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    for entry in entries_of(program, unit):
        if entry.key in ("get-task-allow", "com.apple.security.get-task-allow") and is_true(entry.value):
            confidence: Confidence = "certain" if signed(program, unit) else "likely"
            yield entry_finding(rule, ref.path, entry, confidence=confidence)


INJECTABLE = {
    "com.apple.security.cs.disable-library-validation": "libraries of anybody",
    "com.apple.security.cs.allow-dyld-environment-variables": "libraries that an environment variable names",
    "com.apple.security.cs.allow-unsigned-executable-memory": "code that was never signed",
    "com.apple.security.cs.disable-executable-page-protection": "changed code",
}


@detector("injectable-process", on="plist")
def injectable_process(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    found = [entry for entry in entries_of(program, unit) if entry.key in INJECTABLE and is_true(entry.value)]
    if not found:
        return
    carriers = signed(program, unit)
    trust = next(filter(None, (trusted_at(program, name) for each in carriers for name in each.bundle_ids)), None)
    serves = any(target.is_privileged or target.is_embedded_service for target in carriers)
    steps = (Step(trust, "peers that trust this program are checked here"),) if trust is not None else ()
    severity: Severity | None = "critical" if trust is not None or serves else None
    context = "trusted" if trust is not None else "service" if serves else ""
    for entry in found:
        what = INJECTABLE[entry.key]
        yield entry_finding(rule, ref.path, entry, context=context, severity=severity, steps=steps, what=what)


@query(bottom=None)
def trusted_at(program: Program, identifier: str) -> Place | None:
    """Where a code requirement, in code or in SMAuthorizedClients, names a bundle id; None when none does."""
    if not identifier or "$" in identifier:
        return None
    word = re.compile(rf"(?<![\w.-]){re.escape(identifier)}(?![\w.-])")
    names = sorted(n for n in program.vocabulary.apis if n.startswith("code-requirement."))
    spelled = {spelled for name in names for spelled in program.vocabulary.words(name)}
    for ref in sorted({ref for each in spelled for ref in program.mentioning(each)}):
        for use in uses_of(program, ref, "code-requirement.*"):
            for argument in use.args:
                if any(word.search(text) and "anchor" in text for text in fold(program, ref, argument)):
                    return Place(ref.path, ref.key, argument.start, argument.end)
    for plist in program.configurations():
        clients = plist.root.get("SMAuthorizedClients") if isinstance(plist, PlistFacts) and plist.root else None
        for item in clients.items if clients is not None else ():
            if isinstance(item.scalar, str) and word.search(item.scalar):
                return Place(plist.path, "", item.span.start, item.span.end)
    return None


# ── other processes ──────────────────────────────────────────────────────────────────────────────────────────────────

_CONTROLS = re.compile(
    r"^(?:com\.apple\.security\.cs\.debugger|task_for_pid-allow|com\.apple\.system-task-ports.*|platform-application|"
    r"com\.apple\.private\..+)$"
)


@query(bottom=False)
def _is_apples_own(program: Program) -> bool:
    """Whether this is a part of the system: its programs carry what is reserved for them."""
    known = targets(program)
    names = [name for target in known.all() for name in target.bundle_ids] if known is not None else []
    return any(name.startswith("com.apple.") for name in names)


@detector("debugger-or-task-port-entitlement", on="plist")
def debugger_or_task_port(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    private: list[PlistEntry] = []
    for entry in entries_of(program, unit):
        if not _CONTROLS.match(entry.key) or entry.value.scalar is False:
            continue
        if entry.key.startswith(("com.apple.private.", "platform-application")):
            private.append(entry)
        else:
            yield entry_finding(rule, ref.path, entry)
    if private and not _is_apples_own(program):  # one cause, however many of them there are
        place = Place(ref.path, "", private[0].key_span.start, private[0].key_span.end)
        yield rule.finding(place, variant="b", holes={"key": private[0].key, "count": str(len(private))})


# ── holes in the sandbox ─────────────────────────────────────────────────────────────────────────────────────────────

_SANDBOX = "com.apple.security.app-sandbox"
_EXCEPTION = "com.apple.security.temporary-exception."
_IPC = ("mach-lookup.", "mach-register.", "shared-preference.", "apple-events", "sbpl", "iokit-user-client-class")
_SCRIPTING = "com.apple.security.scripting-targets"
_INHERIT = "com.apple.security.inherit"
_BESIDE_INHERIT = re.compile(r"com\.apple\.security\.(?:app-sandbox|inherit|get-task-allow|hypervisor|cs\..+)$")
"""What does not belong to the sandbox, and so may stand beside the key that inherits it."""
_SPARKLE = re.compile(r"-spk[siw]$")


def _sandboxed_entries(program: Program, unit: PlistFacts) -> tuple[PlistEntry, ...]:
    """The entries of an entitlements file that ships; () where no sandbox is for them to open.

    On the Mac a program that does not ask for the sandbox runs without; elsewhere everything runs in one. A file that
    no target is signed with, beside targets that are signed with others, is taken for one of theirs, left behind.
    """
    entries = entries_of(program, unit)
    asked = next((entry.value.scalar for entry in entries if entry.key == _SANDBOX), None)
    if asked is None:
        carriers = signed(program, unit) or _signed_otherwise(program, unit)
        on_mac = bool(carriers) and all(target.platforms == ("macos",) for target in carriers)
        by_setting = any("YES" in target.setting("ENABLE_APP_SANDBOX").values() for target in carriers)
        return () if on_mac and not by_setting else entries
    return () if asked is False else entries


def _signed_otherwise(program: Program, unit: PlistFacts) -> tuple[TargetInfo, ...]:
    """The targets that are signed with some entitlements file; () when one of these has this file's name, and may be
    it.
    """
    known = targets(program)
    found = tuple(each for each in known.all() if any(one.path for one in each.signing)) if known is not None else ()
    name = unit.path.rpartition("/")[2]
    named = {one.path.rpartition("/")[2] for each in found for one in each.signing}
    return () if name in named else found


@detector("sandbox-ipc-exception", on="plist")
def sandbox_ipc_exception(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    entries = _sandboxed_entries(program, unit)
    yield from _beside_inherited(rule, ref, entries)
    for entry in entries:
        kind = entry.key.removeprefix(_EXCEPTION)
        if entry.key == _SCRIPTING:
            for target in entry.value.entries:
                if any(group == "*" or not group for group in target.value.strings):
                    yield entry_finding(rule, ref.path, target, context="scripting", names=target.key)
        if kind == entry.key or not kind.startswith(_IPC) or not (entry.value.strings or is_true(entry.value)):
            continue
        names = entry.value.strings
        if names and all(_SPARKLE.search(name) for name in names):
            yield entry_finding(rule, ref.path, entry, context="updater", names=", ".join(names))
        else:
            context = "register" if kind.startswith("mach-register.") else ""
            shown = [name for name in names if not _SPARKLE.search(name)] or ["everything"]
            yield entry_finding(rule, ref.path, entry, context=context, names=", ".join(shown[:3]))


def _beside_inherited(rule: Rule, ref: UnitRef, entries: tuple[PlistEntry, ...]) -> Iterator[Finding]:
    """A program with the sandbox of its parent and rights of its own: the system ends it when it starts."""
    if any(entry.key == _INHERIT and is_true(entry.value) for entry in entries):
        for entry in entries:
            own = entry.key.startswith("com.apple.security.") and not _BESIDE_INHERIT.match(entry.key)
            if own and entry.value.scalar is not False:
                yield entry_finding(rule, ref.path, entry, context="inherit", severity="low", confidence="likely")
                return


_BROAD = re.compile(
    r"^/?(?:(?:private|Library|Users|tmp|private/tmp|private/var|var|Volumes|Applications|usr|System)/?)?$"
)


@detector("sandbox-file-exception", on="plist")
def sandbox_file_exception(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    contained = any(target.is_extension or target.is_embedded_service for target in signed(program, unit))
    for entry in _sandboxed_entries(program, unit):
        kind = entry.key.removeprefix(f"{_EXCEPTION}files.")
        whole = entry.key == "com.apple.security.files.all" and is_true(entry.value)
        if kind == entry.key and not whole:
            continue
        writes = whole or kind.endswith("read-write")
        broad = next((path for path in entry.value.strings if _BROAD.match(path)), None)
        if not whole and not entry.value.strings:
            continue
        severity: Severity = "high" if (whole or broad is not None) and writes else "medium" if writes else "low"
        if contained:
            severity = "high" if severity != "low" else "medium"
        shown = "every file" if whole else ", ".join(entry.value.strings[:3])
        access = "written" if writes else "read"
        yield entry_finding(rule, ref.path, entry, severity=severity, paths=shown, access=access)
