"""Objective-C, Objective-C++ and C source → SourceFacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tree_sitter import Node, Parser

from ipclint.model.facts import Function, Language, SourceFacts
from ipclint.model.ir import Block, Evaluate, Literal, Opaque
from ipclint.model.source import Span
from ipclint.readers import objc_calls, objc_expressions, objc_statements
from ipclint.readers.comments import CommentFinder, suppressions, tree_comments
from ipclint.readers.conditionals import Directives
from ipclint.readers.kept import Kept
from ipclint.readers.lowering import error_spans
from ipclint.readers.mask import cxx_scopes
from ipclint.readers.mask import mask as mask
from ipclint.readers.objc_directives import Line, conditional, find_lines, plain_text
from ipclint.readers.objc_functions import reread
from ipclint.readers.objc_recovery import recover
from ipclint.readers.objc_shape import Shape
from ipclint.readers.objc_syntax import COMMENTS, NOT_CODE, ObjcContext
from ipclint.readers.objc_syntax import GRAMMAR as GRAMMAR

HANDLERS = (objc_calls, objc_expressions, objc_statements)
"""The modules that fill the handler tables when they are imported."""

MAX_MACRO = 4000
"""Bytes of a macro's text that are lowered; longer ones are kept as text."""

_DEFINE = re.compile(r"\s*([A-Za-z_]\w*)(?:\(([^()]*)\))?[ \t]*(.*)", re.S)
_INCLUDE = re.compile(r'\s*(?:"([^"]*)"|<([^>]*)>)')
_MODULE = re.compile(rb"^[ \t]*@import[ \t]+([\w.]+)[ \t]*;", re.M)
_C_SUFFIXES = (".c", ".cc", ".cpp", ".hpp", ".cxx", ".hh")
_NUMBER = re.compile(r"\(?\s*(-?\d\w*)\s*\)?")
_parser = Parser(GRAMMAR.language)


def read_tree(path: str, data: bytes, root: Node, kept: Kept | None = None) -> SourceFacts:
    source = data.decode("latin-1")
    lines = list(find_lines(data, _code_test(root)))
    directives = Directives(tuple(d for line in lines if (d := conditional(data, line)) is not None))
    shape = Shape(source, directives, cxx_scopes(data), kept)
    shape.read(root)
    errors = error_spans(root)
    if errors:
        recover(shape, data, errors)
    for line in lines:
        _preprocess(shape, data, line)
    for found in _MODULE.finditer(data):
        shape.include(found.start(), found.end(), found[1].decode("ascii", "replace"), False)
    units, extents = shape.units()
    language: Language = "c" if path.endswith(_C_SUFFIXES) else "objc"
    comments = _comments(data, lines, tree_comments(root, COMMENTS))
    return SourceFacts(path, language, units, extents, suppressions(data, comments), errors)


def _comments(data: bytes, lines: Sequence[Line], in_tree: CommentFinder) -> CommentFinder:
    """Where comments are: in the tree, and behind the preprocessor lines, which the tree does not have."""

    def comment_at(offset: int) -> Span | None:
        for line in lines:
            if line.start <= offset < line.end:
                start = data.rfind(b"//", line.start, offset + 2)
                return Span(start, line.end) if start >= 0 else None
        return in_tree(offset)

    return comment_at


def reread_function(unit: Function, node: Node, source: str, base: int) -> Function | None:
    data = source[base : node.end_byte].encode("latin-1")
    test = _code_test(node, base)
    found = (conditional(data, line) for line in find_lines(data, test))
    lines = tuple(d._replace(start=d.start + base, end=d.end + base) for d in found if d is not None)
    return reread(unit, node, source, Directives(lines))


def _code_test(root: Node, base: int = 0) -> Callable[[int], bool]:
    """Whether a byte, counted from `base`, stands outside comments and strings."""

    def is_code(offset: int) -> bool:
        node = root.descendant_for_byte_range(base + offset, base + offset + 1)
        return node is None or node.kind_id not in NOT_CODE

    return is_code


def _preprocess(shape: Shape, data: bytes, line: Line) -> None:
    """The macros and includes of a file."""
    text = data[line.text_start : line.end].decode("utf-8", "replace")
    if line.word == b"define" and (found := _DEFINE.match(plain_text(data[line.text_start : line.end]))):
        params = tuple(part.strip() for part in (found[2] or "").split(",") if part.strip())
        shape.macro(line.start, line.end, found[1], params, found[3], lower_macro(found[3]))
    elif line.word in (b"import", b"include") and (included := _INCLUDE.match(text)):
        is_local = included[1] is not None  # and may be empty, while it is typed
        shape.include(line.start, line.end, included[1 if is_local else 2], is_local)


def lower_macro(text: str) -> Block:
    """A macro's replacement as statements when it reads as some, else (); spans are of no use in it."""
    if not text or len(text) > MAX_MACRO:
        return ()
    if constant := _NUMBER.fullmatch(text):
        return (Evaluate(0, len(text), Literal(0, len(text), "int", constant[1])),)
    code = f"void m(void) {{ {text.rstrip(';')}; }}".encode()
    root = _parser.parse(mask(code)).root_node
    function = root.named_children[0] if root.named_child_count else None
    body = function.child_by_field_name("body") if function is not None else None
    if body is None or root.has_error or root.named_child_count != 1:
        return ()
    block = ObjcContext(code.decode("latin-1"), 0, Directives()).braces(body)
    return () if any(isinstance(s, Evaluate) and isinstance(s.value, Opaque) for s in block) else block
