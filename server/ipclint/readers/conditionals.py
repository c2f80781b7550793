"""Conditional compilation: which `#if` conditions hold where, and statements sorted into its branches."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from tree_sitter import Node

from ipclint.model.ir import Block, Conditional, Stmt
from ipclint.readers.lowering import Context

MAX_CONDITIONS = 40
"""How many conditions are known of one place, the outermost; real code nests five deep."""


class Directive(NamedTuple):
    """One `#if`, `#elseif`, `#else` or `#endif` line; absolute bytes from the `#` to the end of the line.

    C's other words read as these: `#ifdef X` as `#if` with condition "X", `#ifndef X` with "!X", `#elif` as `#elseif`.
    """

    start: int
    end: int
    keyword: str
    condition: str


class Directives:
    """The conditional compilation of a file, or of a part of one."""

    def __init__(self, lines: tuple[Directive, ...] = ()) -> None:
        self.lines = lines
        self.starts = [line.start for line in lines]
        self._holding: list[tuple[str, ...]] = [()]  # after how many directives → the conditions that hold
        frames: list[tuple[tuple[str, ...], str]] = []  # conditions of the branches before, condition of this one
        for line in lines:
            if line.keyword == "#if":
                frames.append(((), line.condition))
            elif frames and line.keyword != "#endif":
                before, last = frames.pop()
                frames.append(((*before, f"!({last})")[-MAX_CONDITIONS:], line.condition))
            elif frames:
                frames.pop()
            holding = (c for before, last in frames[:MAX_CONDITIONS] for c in (*before, last) if c)
            self._holding.append(tuple(islice(holding, MAX_CONDITIONS)))

    def __bool__(self) -> bool:
        return bool(self.lines)

    def conditions(self, offset: int) -> tuple[str, ...]:
        """What must hold at an absolute byte, outermost first; earlier branches of a chain read "!(X)"."""
        return self._holding[bisect_right(self.starts, offset)] if self.lines else ()

    def between(self, start: int, end: int) -> tuple[Directive, ...]:
        """The directives that begin in these absolute bytes."""
        return self.lines[bisect_left(self.starts, start) : bisect_left(self.starts, end)]


def nest(nodes: Sequence[Node], lines: Sequence[Directive], context: Context) -> Block:
    """Lowers statements that follow each other, sorted into the branches of the lines between them.

    A line inside a statement is none of these; an unbalanced line costs nothing but itself. Within `MAX_CONDITIONS`
    branches a further `#if` is as if it were not there: its statements stay, its condition is lost.
    """
    nesting = _Nesting(context)
    at = 0
    for node in nodes:
        while at < len(lines) and lines[at].start < node.start_byte:
            nesting.meet(lines[at])
            at += 1
        while at < len(lines) and lines[at].start < node.end_byte:
            at += 1
        with context.deeper(len(nesting.frames)):
            nesting.out += context.statements(node)
    for line in lines[at:]:
        nesting.meet(line)
    while nesting.frames:
        nesting.abandon()
    return tuple(nesting.out)


class _Nesting:
    def __init__(self, context: Context) -> None:
        self.base = context.base
        self.out: list[Stmt] = []
        self.frames: list[tuple[int, list[Stmt], list[tuple[str, Block]], str]] = []  # start, outer, clauses, condition
        self.passed_over = 0  # how many of the open groups are too deep

    def meet(self, line: Directive) -> None:
        if line.keyword == "#if" and len(self.frames) == MAX_CONDITIONS:
            self.passed_over += 1
        elif self.passed_over:
            self.passed_over += {"#if": 1, "#endif": -1}.get(line.keyword, 0)
        elif line.keyword == "#if":
            self.frames.append((line.start, self.out, [], line.condition))
            self.out = []
        elif self.frames and line.keyword == "#endif":
            self.close(line.end)
        elif self.frames:
            start, outer, clauses, condition = self.frames.pop()
            clauses.append((condition, tuple(self.out)))
            self.frames.append((start, outer, clauses, line.condition))
            self.out = []

    def close(self, end: int) -> None:
        start, outer, clauses, condition = self.frames.pop()
        clauses.append((condition, tuple(self.out)))
        if any(body for _, body in clauses):
            outer.append(Conditional(start - self.base, max(start, end) - self.base, tuple(clauses)))
        self.out = outer

    def abandon(self) -> None:
        """Of a group that ends elsewhere only the statements stay."""
        _, outer, clauses, _ = self.frames.pop()
        self.out = [*outer, *(statement for _, body in clauses for statement in body), *self.out]
