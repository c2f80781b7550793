"""What is hidden from the Swift grammar before parsing, byte for byte, and the `#if` lines that are read instead.

The grammar takes `#if` and `#endif` for statements of their own, which breaks wherever Swift allows them between cases,
arguments, elements or attributes. So their lines are blanked, every branch is parsed, and `Directives` says afterwards
which conditions hold where. A few more spellings that the grammar trips over, mostly for the rest of the file, are
blanked or respelled at equal length. Texts are always sliced from the bytes as written, so none of this shows in facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from ipclint.readers.conditionals import Directive, Directives

# The patterns begin with literal bytes, which is what makes their search fast.
_DIRECTIVE = re.compile(rb"(#(?:if|elseif|else|endif)\b)((?:[^\n/]|/(?!\*))*)")
_COMMENT = re.compile(r"\s*(?://.*)?$")

# `if await a.b {`, `switch try x {`: the grammar takes the braces for a trailing closure of `a.b`.
_OPERAND = rb"([ \t][^\n{},]{0,160}[^\s{}),]\s{0,80}\{)"
_EFFECTS = tuple(re.compile(word + _OPERAND) for word in (rb"(await)", rb"(try[?!]?)", rb"(unsafe)"))
_CAST_ENDS = re.compile(rb"\b(?:as[?!]?|is)[ \t]+[\w.?<>\[\]]+\s*\{$")
_HEADER = re.compile(rb"\b(?:if|while|switch|for)\b[^{}]*(?<!\w)$")
_LOOK_BACK = 200  # bytes; keeps one endless line from costing its square
MASK_REACH = 512
"""No pattern here looks further beyond the ends of a line, in bytes."""

_EMPTY_PAYLOAD = re.compile(rb"case[ \t]+(?:let[ \t]+)?[\w.]+\(\)(?=[ \t]*[:,=])")  # `case .success():`
_EMPTY_TUPLE = re.compile(
    rb"\(\)(?=[ \t]?\)(?![ \t]*(?:->|throws|async|\{)))"
)  # `.success(())`, `resume(returning: ())`
_IN_CALL = re.compile(rb"(?:[\w?!]\([ \t]?|\w:[ \t])$")
_ENDLESS = re.compile(rb"\.\.\.[ \t]*\{")  # `for i in 0... {`
_FROM_NUMBER = re.compile(rb"\bin[ \t]+\d+$")
_UNWRAPPED = re.compile(rb"!\)[ \t]*(?:->|in\b)")  # `{ (file: FileHandle!) -> Void in`
_CLOSURE_OPENS = re.compile(rb"\{[ \t]*(?:\[[^\]]*\][ \t]*)?\([^()]*$")
_COMMENT_OPENS = re.compile(rb"/\*")  # in `"image/*"`: a comment to the grammar if a `*/` follows somewhere
_QUOTE = re.compile(rb'(?<!\\)"')
_AVAILABLE_PREVIEW = re.compile(rb"@available\([^()\n]*\)(?=\s{0,160}#Preview)")
_KEY_PATH_HOLE = rb"\(\.$"  # `"\(\.$name)"` of App Intents
_DIAGNOSTIC = re.compile(rb'#(?:warning|error)\("[^"\n]*"\)')  # unknown to the grammar between members
_UNSAFE, _UNSAFE_AS_ATTRIBUTE = b"nonisolated(unsafe)", b"@nonisolated_unsafe"  # the grammar knows it on members only


def mask(data: bytes) -> bytes:
    """The bytes to parse; as many as given, with the same line ends."""
    if b"#if" in data or b"#e" in data:  # lines may be masked without those before them
        data = _DIRECTIVE.sub(_blanked, data)
    for effect in _EFFECTS:
        data = effect.sub(_without_effect, data)
    if b"()" in data:
        data = _EMPTY_PAYLOAD.sub(lambda match: match.group()[:-2] + b"  ", data)
        data = _EMPTY_TUPLE.sub(_as_array, data)
    data = _ENDLESS.sub(_without_dots, data)
    data = _UNWRAPPED.sub(_without_bang, data)
    if b"/*" in data:
        data = _COMMENT_OPENS.sub(_without_comment, data)
    if b"#Preview" in data:
        data = _AVAILABLE_PREVIEW.sub(lambda match: b" " * len(match.group()), data)
    if b'#warning("' in data or b'#error("' in data:
        data = _DIAGNOSTIC.sub(lambda match: b" " * len(match.group()), data)
    data = data.replace(_KEY_PATH_HOLE, rb"\(  $")
    return data.replace(b")?.self", b") .self").replace(_UNSAFE, _UNSAFE_AS_ATTRIBUTE)


def _line_before(match: re.Match[bytes]) -> bytes:
    """What stands before a match on its line, or the end of that."""
    return match.string[max(0, match.start() - _LOOK_BACK) : match.start()].rpartition(b"\n")[2]


def _continues(match: re.Match[bytes]) -> bool:
    """Whether the lines before end with a comma."""
    return match.string[max(0, match.start() - _LOOK_BACK) : match.start()].rstrip().endswith(b",")


def _blanked(match: re.Match[bytes]) -> bytes:
    return match.group() if _line_before(match).strip() else b" " * len(match.group())


def _without_effect(match: re.Match[bytes]) -> bytes:
    before = _line_before(match)
    in_header = _HEADER.search(before) or (not before.strip() and _continues(match))
    if not in_header or _CAST_ENDS.search(match.group(2)):
        return match.group()
    return b" " * len(match.group(1)) + match.group(2)


def _as_array(match: re.Match[bytes]) -> bytes:
    """An empty tuple as an empty array, which needs no made-up token; `swift_values` sees the parentheses."""
    return b"[]" if _IN_CALL.search(_line_before(match)) else match.group()


def _without_dots(match: re.Match[bytes]) -> bytes:
    return b"   " + match.group()[3:] if _FROM_NUMBER.search(_line_before(match)) else match.group()


def _without_bang(match: re.Match[bytes]) -> bytes:
    return b" " + match.group()[1:] if _CLOSURE_OPENS.search(_line_before(match)) else match.group()


def _without_comment(match: re.Match[bytes]) -> bytes:
    before = _line_before(match)
    in_string = len(_QUOTE.findall(before)) % 2 == 1 and b"\\(" not in before
    return b"/ " if in_string else match.group()


def find_directives(data: bytes, is_code: Callable[[int], bool], base: int = 0) -> Directives:
    """The directives of a file, or of the part of one that begins at absolute byte `base` (not within such a line).

    `is_code` says of an absolute byte whether it stands outside comments and strings.
    """
    if b"#if" not in data:
        return Directives()
    lines: list[Directive] = []
    for match in _DIRECTIVE.finditer(data):
        start = base + match.start(1)
        if not _line_before(match).strip() and is_code(start):
            condition = _COMMENT.sub("", match.group(2).decode("utf-8", "replace"))
            lines.append(Directive(start, base + match.end(), match.group(1).decode(), " ".join(condition.split())))
    return Directives(tuple(lines))


def code_test(root: Node, hidden: frozenset[int]) -> Callable[[int], bool]:
    """An `is_code` for `find_directives`: not inside a node of one of the `hidden` kinds."""

    def is_code(offset: int) -> bool:
        node = root.descendant_for_byte_range(offset, offset + 1)
        return node is None or node.kind_id not in hidden

    return is_code
