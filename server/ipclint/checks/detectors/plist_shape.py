"""PLIST101: property lists that are malformed, or say what the system does not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.property_lists import ships
from ipclint.checks.plist_keys import typed_values
from ipclint.checks.rule import Rule
from ipclint.model.facts import PlistEntry, PlistFacts, PlistValue, ProjectFacts
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.source import Span
from ipclint.program.configuration import targets
from ipclint.program.launchd import text_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import TargetInfo

_TEMPLATE = re.compile(r"\$[({]|@\w+@|\{\{|%[@ds]|__\w+__")
_MACRO = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_REMARK = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|\(.*\)$")
_VARIABLE = re.compile(r"\$\(\w+[^()]*\)|\$\{\w+[^{}]*\}")
_BOOLEANS = {"yes": "true", "true": "true", "1": "true", "no": "false", "false": "false", "0": "false"}
_READERS = {"launchd": "launchd", "entitlements": "the system", "info": "the system"}
_GRAVE = ("NSAppTransportSecurity", "CFBundleURLTypes", "XPCService", "NSExtension", "SMAuthorizedClients")
_LOOSENS = re.compile(r"com\.apple\.security\.cs\.|get-task-allow$|^NSAppTransportSecurity/")
"""Keys that open something when they are read: what takes them out of their shape is for somebody to decide."""
_NAMES: dict[str, str] = {
    "dict": "a dictionary",
    "array": "an array",
    "string": "a string",
    "bool": "true or false",
    "integer": "an integer",
    "real": "a number",
    "data": "data",
    "date": "a date",
}


@detector("property-list-invalid", on="plist")
def property_list_invalid(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    if unit.kind == "other":
        return
    if unit.problem or unit.root is None:
        problem = unit.problem.partition(": ")[2] if unit.problem.startswith("line ") else unit.problem
        place = Place(ref.path, "", unit.problem_span.start, unit.problem_span.end)
        yield rule.finding(place, context="malformed", holes={"problem": problem or "there is nothing in it"})
        return
    if unit.kind == "info" and not ships(program, unit.path):
        return
    yield from _duplicates(rule, unit, unit.root)
    for typed in typed_values(unit):
        if typed.value.kind not in typed.wanted and not _is_filled_in(typed.path, typed.value):
            yield _wrong_type(rule, unit, typed.path, typed.value, typed.wanted)
    if unit.kind == "info":
        yield from _of_service(rule, program, unit, unit.root)
    elif unit.kind == "launchd":
        yield from _of_job(rule, program, unit, unit.root)


def _is_template(value: PlistValue) -> bool:
    return isinstance(value.scalar, str) and _TEMPLATE.search(value.scalar) is not None


def _is_filled_in(path: str, value: PlistValue) -> bool:
    """Whether something else comes here before anybody reads it: a template, the name of a macro, words in brackets."""
    text = value.scalar if isinstance(value.scalar, str) else ""
    return (
        _is_template(value) or _MACRO.fullmatch(path.rpartition("/")[2]) is not None or _REMARK.match(text) is not None
    )


# ── the text ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _duplicates(rule: Rule, unit: PlistFacts, value: PlistValue) -> Iterator[Finding]:
    """Keys that stand in one dictionary twice. Of different values, only one counts."""
    first: dict[str, PlistEntry] = {}
    for entry in value.entries:
        before = first.setdefault(entry.key, entry)
        if before is not entry:
            yield _duplicate(rule, unit, entry, before)
        yield from _duplicates(rule, unit, entry.value)
    for item in value.items:
        yield from _duplicates(rule, unit, item)


def _duplicate(rule: Rule, unit: PlistFacts, entry: PlistEntry, before: PlistEntry) -> Finding:
    steps = (Step(_place(unit, before.key_span), f"“{entry.key}” stands here first"),)
    holes: dict[str, str | Place] = {"key": entry.key}
    if _plain(entry.value) == _plain(before.value):
        holes["entry"] = Place(unit.path, "", entry.key_span.start, entry.value.span.end)
        context, severity = "repeated", "info"
    else:
        context, severity = "duplicate", "medium" if unit.kind != "info" or entry.key in _GRAVE else "low"
    return _finding(rule, unit, entry.key_span, context, severity, holes=holes, steps=steps)


def _plain(value: PlistValue) -> object:
    """A value without where it stands."""
    entries = [(entry.key, _plain(entry.value)) for entry in value.entries]
    return value.kind, value.scalar, entries, [_plain(item) for item in value.items]


def _wrong_type(rule: Rule, unit: PlistFacts, path: str, value: PlistValue, wanted: tuple[str, ...]) -> Finding:
    holes: dict[str, str | Place] = {
        "key": path.rpartition("/")[2],
        "reader": _READERS[unit.kind],
        "wanted": " or ".join(_NAMES[kind] for kind in wanted),
        "kind": _NAMES[value.kind],
    }
    boolean = _BOOLEANS.get(value.scalar.lower()) if isinstance(value.scalar, str) else None
    if wanted == ("bool",) and boolean is not None and not _LOOSENS.search(path):
        holes |= {"element": _place(unit, value.span), "better": f"<{boolean}/>"}
    return _finding(rule, unit, value.span, "type", "medium", holes=holes)


# ── XPC services ─────────────────────────────────────────────────────────────────────────────────────────────────────

_SERVICE_TYPES = ("Application", "User", "System")
_RUN_LOOPS = ("dispatch_main", "NSRunLoop")
_PACKAGE = "XPC!"


def _of_service(rule: Rule, program: Program, unit: PlistFacts, root: PlistValue) -> Iterator[Finding]:
    informed = _informed(program, unit.path)
    services = [target for target in informed if target.is_embedded_service]
    service = root.get("XPCService")
    if service is not None and (services or not informed):
        yield from _of_service_keys(rule, unit, service)
    if not services:
        return
    package = root.get("CFBundlePackageType")
    if package is not None and package.scalar not in (_PACKAGE, "") and not _is_template(package):
        holes: dict[str, str | Place] = {
            "key": "CFBundlePackageType",
            "value": str(package.scalar),
            "wanted": f"“{_PACKAGE}”",
            "element": _place(unit, package.span),
            "better": f"<string>{_PACKAGE}</string>",
        }
        yield _finding(rule, unit, package.span, "value", "medium", holes=holes)
    generated = any(
        target.setting("GENERATE_INFOPLIST_FILE").get(each.configuration) == "YES"
        for target in services
        for each in target.settings
    )
    if service is None and not generated and root.entries:
        yield _finding(
            rule, unit, root.entries[0].key_span, "no-service", "low", "likely", holes={"target": services[0].name}
        )


def _of_service_keys(rule: Rule, unit: PlistFacts, service: PlistValue) -> Iterator[Finding]:
    for key, known in (("ServiceType", _SERVICE_TYPES), ("RunLoopType", _RUN_LOOPS)):
        value = service.get(key)
        text = value.scalar if value is not None and isinstance(value.scalar, str) else ""
        if value is not None and text and text not in known and not text.startswith("_") and not _is_template(value):
            wanted = " or ".join(f"“{each}”" for each in known)
            yield _finding(
                rule, unit, value.span, "value", "medium", holes={"key": key, "value": text, "wanted": wanted}
            )
    joins = next((entry for entry in service.entries if entry.key == "JoinExistingSession"), None)
    if joins is not None and joins.value.scalar is True:
        yield _finding(rule, unit, joins.key_span, "joins", "low", "hint", holes={})


def _informed(program: Program, path: str) -> tuple[TargetInfo, ...]:
    known = targets(program)
    return known.informed_by(path) if known is not None else ()


# ── launchd jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────

_PROGRAM_KEYS = ("Program", "ProgramArguments", "BundleProgram")


class _Text(NamedTuple):
    """A text that launchd takes as it is: what it is, and where."""

    text: str
    span: Span


def _of_job(rule: Rule, program: Program, unit: PlistFacts, root: PlistValue) -> Iterator[Finding]:
    bundled = root.get("BundleProgram")
    if bundled is not None and isinstance(bundled.scalar, str) and bundled.scalar.startswith("/"):
        yield _finding(rule, unit, bundled.span, "absolute", "medium", holes={"path": bundled.scalar})
    unchanged = _taken_as_it_is(program, unit.path)
    label = root.get("Label")
    if unchanged:
        for each in _literal_texts(root):
            variable = _VARIABLE.search(each.text)
            if variable is not None:
                yield _finding(rule, unit, each.span, "variable", "medium", "likely", holes={"variable": variable[0]})
    if label is None or not (unchanged == "copied" or _INSTALLED.search(unit.path)):
        return
    if not any(root.get(key) is not None for key in _PROGRAM_KEYS):
        yield _finding(rule, unit, label.span, "no-program", "medium", "likely", holes={})
    name = unit.path.rpartition("/")[2].removesuffix(".plist")
    text = text_of(unit, "Label")
    if text and text != name and not _is_template(label) and not _TEMPLATE.search(name):
        yield _finding(rule, unit, label.span, "label", "info", holes={"label": text, "name": f"{name}.plist"})


_INSTALLED = re.compile(r"(?:^|/)Launch(?:Daemons|Agents)/[^/]+$")


def _literal_texts(root: PlistValue) -> Iterator[_Text]:
    """The texts of a job in which launchd fills in nothing."""
    arguments, services = root.get("ProgramArguments"), root.get("MachServices")
    values = [root.get("Label"), root.get("Program"), root.get("BundleProgram")]
    values += arguments.items[:1] if arguments is not None else ()
    for value in values:
        if value is not None and isinstance(value.scalar, str):
            yield _Text(value.scalar, value.span)
    for entry in services.entries if services is not None else ():
        yield _Text(entry.key, entry.key_span)


def _taken_as_it_is(program: Program, path: str) -> str:
    """How a build puts a file into its product without filling in variables: "copied", "linked", or "" for neither."""
    for facts in program.configurations():
        for target in facts.targets if isinstance(facts, ProjectFacts) else ():
            if any("Launch" in where and path in files for where, files in target.copies.items()):
                return "copied"
    name = path.rpartition("/")[2]
    linked = (settings.get("OTHER_LDFLAGS") or "" for each in _informed(program, path) for settings in each.settings)
    return "linked" if any("__launchd_plist" in flags and name in flags for flags in linked) else ""


# ── findings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _place(unit: PlistFacts, span: Span) -> Place:
    return Place(unit.path, "", span.start, span.end)


def _finding(
    rule: Rule,
    unit: PlistFacts,
    span: Span,
    context: str,
    severity: Severity,
    confidence: Confidence = "certain",
    *,
    holes: dict[str, str | Place],
    steps: tuple[Step, ...] = (),
) -> Finding:
    return rule.finding(_place(unit, span), confidence, severity=severity, context=context, holes=holes, steps=steps)
