"""Fixes that send a reply where a way through an exported method sends none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.edits import indent_of, level_of, newline_of
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.program.program import Program

SWIFT_ERROR = "NSError(domain: NSPOSIXErrorDomain, code: Int(EINVAL))"
OBJC_ERROR = "[NSError errorWithDomain:NSPOSIXErrorDomain code:EINVAL userInfo:nil]"
_OBJC_BLOCK = re.compile(r"\(\s*\^[^()]*\)\s*\((.*)\)\s*$", re.S)
_OBJC_POINTER = re.compile(r"\*|^\s*(?:nullable\s+)?id\b|\bdispatch_\w+_t\b|\bxpc_object_t\b")
_QUALIFIERS = re.compile(
    r"/\*.*?\*/|//[^\n]*|@\w+\s*|\b(?:inout|__autoreleasing|_Nullable|_Nonnull|nullable|nonnull)\b"
)


@builder("send-reply")
def send_reply(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Reply before the `return`, or last in the `catch` or error handler: nil, NO and an error, where the block takes
    nothing else.
    """
    type_, reply = finding.holes.get("type"), finding.holes.get("reply")
    if not isinstance(type_, str) or not isinstance(reply, str):
        return
    swift = finding.place.path.endswith(".swift")
    error = str(finding.holes.get("error") or "")
    values = _swift_values(type_, error) if swift else _objc_values(type_, error)
    if values is None:
        return
    call = f"{reply}({', '.join(values)})" if swift else f"{reply}({', '.join(values)});"
    before, last_in = finding.holes.get("before"), finding.holes.get("last-in")
    if isinstance(before, Place):
        edit = sources.insert_before(before, call)
    elif isinstance(last_in, Place):
        edit = insert_last(last_in, call, sources)
    else:
        return
    yield Fix(f"Call {reply} here too", False, (edit, *_needed(call, finding.place.path, sources)), rule=rule.id)


@builder("leave-without-reply")
def leave_without_reply(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Leave the handler when the client expects no answer."""
    made, reply = finding.holes.get("made"), finding.holes.get("reply")
    if isinstance(made, Place) and isinstance(reply, str):
        edit = sources.insert_after(made, f"if ({reply} == NULL) {{ return; }}")
        yield Fix("Leave when no reply is expected", False, (edit,), rule=rule.id)


def _needed(call: str, path: str, sources: Sources) -> tuple[Edit, ...]:
    return sources.imports(path, "<errno.h>") if "EINVAL" in call and not path.endswith(".swift") else ()


def insert_last(place: Place, call: str, sources: Sources) -> Edit:
    """Put a statement before the closing brace of the clause or block that `place` is."""
    data, span = sources.data(place.path), sources.span(place)
    brace = data.rindex(b"}", span.start, span.end)
    end = len(data[:brace].rstrip())
    newline, indent = newline_of(data), indent_of(data, span.start)
    return Edit(place.path, end, brace, f"{newline}{indent}{level_of(data)}{call}{newline}{indent}")


# ── what to reply ────────────────────────────────────────────────────────────────────────────────────────────────────


def _swift_values(type_: str, error: str) -> list[str] | None:
    """What a closure of this type can be called with to say that it failed; None when nothing honest fits."""
    text = _QUALIFIERS.sub("", type_).strip()
    if "->" not in text or text.endswith("?"):
        return None
    found: list[str] = []
    for each in _split(text.partition("->")[0].strip()[1:-1]):
        name = each.rpartition(":")[2].strip()
        if name in ("Error?", "NSError?", "(any Error)?", "any Error?"):
            value = error or SWIFT_ERROR
            found.append(f"{value} as NSError" if name == "NSError?" and error else value)
        elif name.endswith("?"):
            found.append("nil")
        elif name == "Bool":
            found.append("false")
        else:
            return None
    return found


def _objc_values(type_: str, error: str) -> list[str] | None:
    shape = _OBJC_BLOCK.search(_QUALIFIERS.sub("", type_))
    if shape is None:
        return None
    found: list[str] = []
    for each in _split(shape[1]):
        if each.strip() == "void":
            continue
        if re.search(r"\bNSError\b", each):
            found.append(error or OBJC_ERROR)
        elif _OBJC_POINTER.search(each):
            found.append("nil")
        elif re.match(r"\s*(?:BOOL|bool)\b", each):
            found.append("NO")
        else:
            return None
    return found


def _split(text: str) -> list[str]:
    """The parts of a parameter list, split at the commas outside all brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += character in "([<"
        depth -= character in ")]>"
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]
