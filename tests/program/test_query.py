"""Incremental equals fresh, for random programs of queries with cycles, and work is bounded by what changed."""

from __future__ import annotations

import ast
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import ipclint
from ipclint.program.query import Database, Interrupted, query


class Graph(Database):
    """Reachability over an edge table: monotone, cyclic, like call summaries."""

    @query(bottom=frozenset())
    def reach(self, node: int) -> frozenset[int]:
        edges: tuple[int, ...] = self.input(("edges", node)) or ()  # type: ignore[assignment]
        found = frozenset({node})
        for edge in edges:
            found |= self.reach(edge)
        return found

    @query(bottom=0)
    def size(self, node: int) -> int:
        return len(self.reach(node))


def closure(edges: dict[int, tuple[int, ...]], node: int) -> frozenset[int]:
    seen: set[int] = set()
    todo = [node]
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo.extend(edges.get(at, ()))
    return frozenset(seen)


NODES = st.integers(0, 7)
CHANGES = st.lists(st.tuples(NODES, st.lists(NODES, max_size=4), st.lists(NODES, min_size=1, max_size=3)), max_size=14)


@settings(max_examples=400, deadline=None)
@given(CHANGES)
def test_incremental_equals_fresh_with_cycles(changes: list[tuple[int, list[int], list[int]]]) -> None:
    graph, edges = Graph(), {}
    for node, targets, asked in changes:
        edges[node] = tuple(targets)
        graph.set(("edges", node), tuple(targets))
        for question in asked:
            assert graph.reach(question) == closure(edges, question)
            assert graph.size(question) == len(closure(edges, question))


@settings(max_examples=150, deadline=None)
@given(CHANGES, st.integers(1, 12))
def test_a_question_that_was_called_off_can_be_asked_again(
    changes: list[tuple[int, list[int], list[int]]], patience: int
) -> None:
    graph, edges = Graph(), {}
    for node, targets, asked in changes:
        edges[node] = tuple(targets)
        graph.set(("edges", node), tuple(targets))
        for question in asked:
            computed = count(1)
            with suppress(Interrupted), graph.until(lambda computed=computed: next(computed) == patience):
                graph.size(question)
            assert graph.size(question) == len(closure(edges, question))


def test_what_was_computed_before_it_was_called_off_is_kept() -> None:
    graph = Graph()
    for node in range(10):
        graph.set(("edges", node), (node + 1,))
    graph.reach(5)
    asked = graph.evaluations
    with pytest.raises(Interrupted), graph.until(lambda: True):
        graph.size(3)
    with graph.until(lambda: True):
        assert len(graph.reach(5)) == 6, "there is nothing to compute"
    assert graph.size(3) == 8
    assert graph.evaluations - asked == 3


@settings(max_examples=150, deadline=None)
@given(CHANGES)
def test_forgetting_changes_no_answer(changes: list[tuple[int, list[int], list[int]]]) -> None:
    graph, edges = Graph(), {}
    for node, targets, asked in changes:
        edges[node] = tuple(targets)
        graph.set(("edges", node), tuple(targets))
        for question in asked:
            assert graph.size(question) == len(closure(edges, question))
        graph.collect()


def test_what_nobody_asks_for_any_more_is_forgotten_and_nothing_else() -> None:
    graph = Graph()
    for node in range(10):
        graph.set(("edges", node), (node + 1,))
    graph.size(8)
    graph.size(3)
    graph.set(("edges", 8), (0,))  # both answers are out of date
    graph.collect()
    assert graph.has(("size", 8)) and graph.has(("reach", 5)), "asked for a moment ago"
    graph.size(8)
    graph.set(("edges", 3), ())
    graph.size(8)
    graph.collect()
    assert not graph.has(("size", 3)) and not graph.has(("reach", 5)), "nobody has asked since"
    before = graph.evaluations
    assert graph.size(8) == 5 and graph.evaluations == before


def test_an_equal_value_stops_the_wave() -> None:
    graph = Graph()
    graph.set(("edges", 0), (1, 2))
    assert graph.size(0) == 3
    graph.set(("edges", 0), (2, 1))  # another edge table, the same reach
    before = graph.evaluations
    assert graph.size(0) == 3
    assert graph.evaluations == before + 1  # reach(0) again, size(0) not


def test_an_edit_costs_what_depends_on_it() -> None:
    graph = Graph()
    for node in range(100):
        graph.set(("edges", node), (node + 1,) if node % 2 == 0 else ())
    assert [graph.size(node) for node in range(100)] == [2, 1] * 50
    before = graph.evaluations
    graph.set(("edges", 41), (0,))
    assert [graph.size(node) for node in range(100)].count(4) == 1
    assert graph.evaluations - before <= 4  # reach and size of 40 and 41
    assert ("size", 40) in graph.turned_stale and ("size", 2) not in graph.turned_stale


def test_a_missing_input_is_a_dependency() -> None:
    graph = Graph()
    assert graph.size(5) == 1
    graph.set(("edges", 5), (6, 7))
    assert graph.size(5) == 3


def test_a_large_cycle_is_not_exponential() -> None:
    graph = Graph()
    for node in range(30):
        graph.set(("edges", node), tuple(range(30)))
    assert graph.size(0) == 30
    assert graph.evaluations < 5_000


def test_an_equal_value_is_the_newer_object() -> None:
    """Detectors find nodes of one answer again in another by identity; so both must come from the same body."""
    database = Database()
    database.set(("text",), "a b")

    def first() -> list[str]:
        return str(database.input(("text",))).split()[:1]

    old = database.fetch(("first",), first, [])
    database.set(("text",), "a c")
    new = database.fetch(("first",), first, [])
    assert new == old
    assert new is not old
    assert database.fetch(("first",), first, []) is new


def test_every_query_has_a_name_of_its_own() -> None:
    """Answers are kept by the name of the query: two of one name and with equal arguments would answer each other."""
    texts = (file.read_text("utf-8") for file in Path(ipclint.__file__).parent.rglob("*.py"))
    names = [
        node.name
        for text in texts
        if "@query(" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(each, ast.Call) and getattr(each.func, "id", "") == "query" for each in node.decorator_list)
    ]
    assert len(names) > 50
    assert [name for name, count in Counter(names).items() if count > 1] == []
