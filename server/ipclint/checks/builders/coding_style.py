"""How a file writes methods: where one goes among the others, how braces stand, which sections it marks."""

from __future__ import annotations

import re

from ipclint.checks.edits import indent_of, laid_out, line_start, newline_of
from ipclint.model.finding import Edit
from ipclint.model.source import Span

_ATTRIBUTES = re.compile(rb"^(?:@(?!end|public|private|protected|package|optional|required)\w+(?:\([^)\n]*\))?\s*)+$")
_SECTION = re.compile(rb"^(?://\s*MARK:|#pragma mark)")
_BRACE_BELOW = re.compile(rb"^[-+][ \t]*\([^\n{]*\n[ \t]*\{", re.MULTILINE)
_BRACE_BESIDE = re.compile(rb"^[-+][ \t]*\([^\n{]*\{[ \t]*\r?$", re.MULTILINE)
_IF_BELOW = re.compile(rb"\bif[ \t]*\([^\n]*\)[ \t]*\r?\n[ \t]*\{")
_IF_BESIDE = re.compile(rb"\bif[ \t]*\([^\n]*\)[ \t]*\{")
_SPACE_AFTER_SIGN = re.compile(rb"^[-+] \(", re.MULTILINE)
_NO_SPACE = re.compile(rb"^[-+]\(", re.MULTILINE)
_RETURNING = re.compile(rb"\bvar\b[^\n{]*\{\s*(return\b)?")


def head_of(data: bytes, start: int) -> int:
    """Where a declaration that begins at `start` begins with the comments and attributes right above it."""
    at = line_start(data, start)
    while at > 0:
        above = line_start(data, at - 1)
        line = data[above:at].strip()
        if line.endswith(b"*/") and not line.startswith(b"//"):
            above = _opening(data, at)
        elif not (line.startswith(b"//") or _ATTRIBUTES.match(line)) or _SECTION.match(line):
            break
        if above < 0:
            break
        at = above
    return at


def _opening(data: bytes, end: int) -> int:
    """Where the line of the block comment that closes before `end` begins; -1 when code stands before it."""
    opening = data.rfind(b"/*", 0, end)
    start = line_start(data, max(opening, 0))
    return start if opening >= 0 and not data[start:opening].strip() else -1


def insert_before_member(path: str, data: bytes, start: int, text: str) -> Edit:
    """Put a member before the one that begins at `start`, with a blank line between them."""
    at = head_of(data, start)
    indent, newline = indent_of(data, start), newline_of(data)
    return Edit(path, at, at, indent + laid_out(text, data, indent) + newline + newline)


def insert_last_member(path: str, data: bytes, closing: int, indent: str, text: str) -> Edit:
    """Put members last in a body; `closing` is where its `}` or `@end` begins, `indent` that of a member."""
    newline = newline_of(data)
    end = len(data[:closing].rstrip())
    text = indent + laid_out(text, data, indent)
    if b"\n" not in data[end:closing]:  # the body closes on the line it ends on: `class A: NSObject {}`
        outer = indent_of(data, closing)
        return Edit(path, end, closing, newline + text + newline + outer)
    opened = data[:end].endswith(b"{")
    between = newline if opened else newline + newline
    kept = data[line_start(data, closing) : closing] if not data[line_start(data, closing) : closing].strip() else b""
    empty = opened or b"\n" not in data[data.rfind(b"@implementation", 0, end) : end]
    blank = newline if data[end:closing].count(b"\n") > 1 or (empty and data[closing : closing + 1] == b"@") else ""
    return Edit(path, end, closing, between + text + newline + blank + kept.decode())


def objc_method(data: bytes, head: str, body: str) -> str:
    """A method in the file's style; `head` is `- (BOOL)name`, `body` its lines without indentation."""
    if len(_NO_SPACE.findall(data)) > len(_SPACE_AFTER_SIGN.findall(data)):
        head = head[0] + head[2:]
    brace = "\n{" if len(_BRACE_BELOW.findall(data)) > len(_BRACE_BESIDE.findall(data)) else " {"
    lines = "\n".join(f"    {line}" if line else "" for line in body.split("\n"))
    return f"{head}{brace}\n{lines}\n}}"


def objc_if(data: bytes, condition: str, body: list[str]) -> list[str]:
    """The lines of an `if` in the file's style."""
    below = len(_IF_BELOW.findall(data)) > len(_IF_BESIDE.findall(data))
    head = [f"if ({condition})", "{"] if below else [f"if ({condition}) {{"]
    return [*head, *(f"    {line}" for line in body), "}"]


def swift_getter(data: bytes, head: str, value: str) -> str:
    """A read-only property on one line; with `return` where the file's getters mostly have one."""
    found = [match[1] for match in _RETURNING.finditer(data)]
    explicit = len([each for each in found if each]) * 2 > len(found)
    return f"{head} {{ {'return ' if explicit else ''}{value} }}"


def section(data: bytes, title: str, objc: bool) -> str:
    """The line that begins a section, "" in a file that has none."""
    if objc:
        return f"#pragma mark - {title}\n\n" if b"#pragma mark" in data else ""
    return (
        f"// MARK: - {title}\n\n" if b"// MARK: - " in data else f"// MARK: {title}\n\n" if b"// MARK:" in data else ""
    )


def closing_of(data: bytes, extent: Span, objc: bool) -> int:
    """Where the `}` or `@end` of a declaration begins."""
    return data.rindex(b"@end" if objc else b"}", extent.start, extent.end)
