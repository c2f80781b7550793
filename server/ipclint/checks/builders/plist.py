"""Fixes of property lists, made in the text of the file: order, comments and indentation stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import edits
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.program.program import Program


@builder("remove-plist-entry")
def remove_plist_entry(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Take a key and its value out. The rule's own template says whether that is safe."""
    entry = finding.holes.get("entry")
    if isinstance(entry, Place) and sources.text(entry).startswith("<key>"):
        template = next(fix for fix in rule.fixes if fix.builder == "remove-plist-entry")
        yield Fix(template.title, template.safe, (_removed(entry, sources.data(entry.path)),), rule=rule.id)


@builder("replace-plist-value")
def replace_plist_value(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Put the element in hole `better` in the place of the element in hole `element`."""
    element, better = finding.holes.get("element"), finding.holes.get("better")
    if isinstance(element, Place) and isinstance(better, str) and sources.text(element).startswith("<"):
        template = next(fix for fix in rule.fixes if fix.builder == "replace-plist-value")
        edit = Edit(element.path, element.start, element.end, better)
        yield Fix(template.title, template.safe, (edit,), rule=rule.id)


def _removed(entry: Place, data: bytes) -> Edit:
    """The entry without the lines it stands on, or without the entry alone where they hold more."""
    start, end = edits.line_start(data, entry.start), edits.line_end(data, entry.end)
    rest = data[entry.end : end].strip()
    if data[start : entry.start].strip() or (rest and not (rest.startswith(b"<!--") and rest.endswith(b"-->"))):
        return Edit(entry.path, entry.start, entry.end, "")
    following = data.find(b"\n", end)
    return Edit(entry.path, start, len(data) if following < 0 else following + 1, "")


@builder("add-sandbox")
def add_sandbox(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Put the sandbox first into the entitlements. Unsafe: what the service does may need further entitlements."""
    root = finding.holes.get("dict")
    if not isinstance(root, Place) or not sources.text(root).startswith("<dict>"):
        return
    data = sources.data(root.path)
    at = root.start + len("<dict>")
    newline = edits.newline_of(data)
    indent = edits.indent_of(data, root.start) + edits.level_of(data)
    lines = ("<key>com.apple.security.app-sandbox</key>", "<true/>")
    text = "".join(f"{newline}{indent}{line}" for line in lines)
    yield Fix("Put the service into the sandbox", False, (Edit(root.path, at, at, text),), rule=rule.id)


@builder("add-url-role")
def add_url_role(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Say that the app shows what a URL of this type names: the role that the system assumes for most."""
    place = finding.holes.get("before")
    if not isinstance(place, Place) or not sources.data(place.path).startswith(b"<key>", place.start):
        return
    data = sources.data(place.path)
    lines = ("<key>CFBundleTypeRole</key>", "<string>Viewer</string>")
    after = edits.newline_of(data) + edits.indent_of(data, place.start)
    text = "".join(f"{line}{after}" for line in lines)
    yield Fix("Add the role Viewer", True, (Edit(place.path, place.start, place.start, text),), rule=rule.id)


@builder("remove-plist-item")
def remove_plist_item(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Take the item in hole `item` out of its array."""
    item = finding.holes.get("item")
    if isinstance(item, Place) and sources.text(item).startswith("<"):
        template = next(fix for fix in rule.fixes if fix.builder == "remove-plist-item")
        yield Fix(template.title, template.safe, (_removed(item, sources.data(item.path)),), rule=rule.id)
