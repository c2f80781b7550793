"""Swift source → SourceFacts."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.model.facts import Function, SourceFacts
from ipclint.readers import swift_statements, swift_strings, swift_values
from ipclint.readers.comments import suppressions, tree_comments
from ipclint.readers.kept import Kept
from ipclint.readers.lowering import error_spans
from ipclint.readers.swift_mask import code_test, find_directives
from ipclint.readers.swift_mask import mask as mask
from ipclint.readers.swift_shape import Shape, reread
from ipclint.readers.swift_syntax import COMMENTS, NOT_CODE
from ipclint.readers.swift_syntax import GRAMMAR as GRAMMAR

HANDLERS = (swift_statements, swift_strings, swift_values)
"""The modules that fill the handler tables when they are imported."""


def read_tree(path: str, data: bytes, root: Node, kept: Kept | None = None) -> SourceFacts:
    source = data.decode("latin-1")
    shape = Shape(source, find_directives(data, code_test(root, NOT_CODE)), kept)
    shape.read(root)
    units, extents = shape.units()
    comments = tree_comments(root, COMMENTS)
    errors = error_spans(root, GRAMMAR.tolerated)
    return SourceFacts(path, "swift", units, extents, suppressions(data, comments), errors)


def reread_function(unit: Function, node: Node, source: str, base: int) -> Function | None:
    end = node.end_byte
    directives = find_directives(source[base:end].encode("latin-1"), code_test(node, NOT_CODE), base)
    return reread(unit, node, source, directives)
