"""Fixes for secrets on the pasteboard: restrict the copy (F22, F23), or hand the value to another process by XPC."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders import project_members, transfer
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import Call, Evaluate, Let, Name, Node, walk
from ipclint.program.configuration import programs_of
from ipclint.program.program import Program, UnitRef

TEXTS = frozenset({"string", "setString"})
"""What writes a text, which is all that the XPC call takes."""
CLEARS = frozenset({"clearContents", "declareTypes", "prepareForNewContents", "prepareForNewContentsWithOptions"})
IOS_SHAPES = frozenset({"string", "url", "image", "setString", "setURL", "URL", "setImage"})
SWIFT_ITEMS = """\
UIPasteboard.general.setItems([[UIPasteboard.typeAutomatic: {value}]],
                              options: [.localOnly: true, .expirationDate: Date(timeIntervalSinceNow: 60)])"""
SWIFT_OPTIONAL = """\
if let value = {value} {{
    UIPasteboard.general.setItems([[UIPasteboard.typeAutomatic: value]],
                                  options: [.localOnly: true, .expirationDate: Date(timeIntervalSinceNow: 60)])
}} else {{
    UIPasteboard.general.items = []
}}"""
OBJC_ITEMS = """\
[[UIPasteboard generalPasteboard] setItems:@[ @{{ UIPasteboardTypeAutomatic: {value} }} ]
                                   options:@{{ UIPasteboardOptionLocalOnly: @YES,
                                              UIPasteboardOptionExpirationDate: \
[NSDate dateWithTimeIntervalSinceNow:60] }}];"""
SWIFT_MARKER = '{receiver}.setString("", forType: NSPasteboard.PasteboardType("org.nspasteboard.ConcealedType"))'
OBJC_MARKER = '[{receiver} setString:@"" forType:@"org.nspasteboard.ConcealedType"];'


@builder("restrict-pasteboard")
def restrict_pasteboard(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Local only and expiring on iOS; marked as concealed on macOS. Safe where the value is known to be there."""
    statement, value = finding.holes.get("statement"), finding.holes.get("value")
    if not isinstance(statement, Place) or not isinstance(value, Place):
        return
    if finding.holes.get("pasteboard") == "NSPasteboard.general":
        if _is_statement(program, statement):
            yield from _concealed(rule, finding, statement, sources)
    elif finding.holes.get("shape") in IOS_SHAPES:
        yield _restricted(rule, finding, statement, value, sources)


def _restricted(rule: Rule, finding: Finding, statement: Place, value: Place, sources: Sources) -> Fix:
    swift = statement.path.endswith(".swift")
    optional = finding.holes.get("optional")
    template = OBJC_ITEMS if not swift else SWIFT_OPTIONAL if optional == "yes" else SWIFT_ITEMS
    text = template.format(value=sources.text(value))
    known = optional == "no" if not swift else optional != "unknown"
    return Fix(
        "Keep the copy on this device and let it expire", known, (sources.replace(statement, text),), rule=rule.id
    )


def _concealed(rule: Rule, finding: Finding, statement: Place, sources: Sources) -> Iterator[Fix]:
    receiver = finding.holes.get("receiver")
    if finding.holes.get("shape") != "setString" or not isinstance(receiver, Place):
        return  # with declared types or pasteboard writers the marker belongs elsewhere
    template = SWIFT_MARKER if statement.path.endswith(".swift") else OBJC_MARKER
    edit = sources.insert_after(statement, template.format(receiver=sources.text(receiver)))
    yield Fix("Mark the copy as concealed for clipboard managers", True, (edit,), rule=rule.id)


@builder("pasteboard-to-xpc")
def pasteboard_to_xpc(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Send the text to a process of one's own instead. Named XPC services exist on macOS only: elsewhere the copy can
    be restricted, and a secret for one's own extension belongs in the keychain of the group."""
    statement, value = finding.holes.get("statement"), finding.holes.get("value")
    if not isinstance(statement, Place) or not isinstance(value, Place) or finding.holes.get("shape") not in TEXTS:
        return
    programs = programs_of(program, statement.path)
    on_mac = (
        any("macos" in target.platforms for target in programs)
        or finding.holes.get("pasteboard") == "NSPasteboard.general"
    )
    if not on_mac or any(set(target.platforms) - {"macos"} for target in programs):
        return
    if not _is_statement(program, statement):
        return
    ref = UnitRef(statement.path, statement.unit)
    nodes = tuple(walk(program.body(ref)))
    swift = statement.path.endswith(".swift")
    optional = swift and finding.holes.get("optional") == "yes"
    call = (transfer.SWIFT_CALL if swift else transfer.OBJC_CALL).format(
        value="secret" if optional else sources.text(value)
    )
    if optional:
        call = f"if let secret = {sources.text(value)} {{\n    {call}\n}}"
    edits = (sources.replace(statement, call), *_without_pasteboard(ref, nodes, finding, statement, sources))
    if not swift:
        edits += sources.imports(statement.path, '"SecretTransfer.h"')
    title, folder = "Replace the pasteboard by an XPC call", statement.path.rpartition("/")[0]
    if program.types_named("SecretTransferClient"):
        yield Fix(title, False, edits, rule=rule.id)
        return
    creates = transfer.files(folder, transfer.identity(programs), swift)
    members = project_members.joined(program, sources, statement.path, transfer.members(swift))
    title += "" if members is not None else project_members.TO_ADD
    yield Fix(title, False, edits + (members or ()), creates, rule=rule.id)


def _is_statement(program: Program, place: Place) -> bool:
    """Whether a write stands alone: nobody looks at its result."""
    nodes = walk(program.body(UnitRef(place.path, place.unit)))
    return any(isinstance(n, Evaluate) and (n.start, n.end) == (place.start, place.end) for n in nodes)


def _without_pasteboard(
    ref: UnitRef, nodes: tuple[Node, ...], finding: Finding, statement: Place, sources: Sources
) -> tuple[Edit, ...]:
    """Take out what cleared the pasteboard for the copy, and the local that nothing else needs: what the user has there
    is no longer replaced."""
    receiver = finding.holes.get("receiver")
    if not isinstance(receiver, Place):
        return ()
    board = sources.text(receiver)
    gone: list[Node] = [
        node
        for node in nodes
        if isinstance(node, Evaluate)
        and isinstance(node.value, Call)
        and node.value.name.partition(":")[0] in CLEARS
        and node.value.target is not None
        and node.end <= statement.start
        and sources.text(_place(ref, node.value.target)) == board
    ]
    removed = len(gone) + 1
    if sum(1 for node in nodes if isinstance(node, Name) and node.text == board) == removed:
        gone += [node for node in nodes if isinstance(node, Let) and node.names == (board,)]
    return tuple(sources.remove(_place(ref, node)) for node in gone)


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
