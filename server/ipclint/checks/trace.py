"""Rules about flows: their `[flow]` tables tried on everything that hostile data reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ipclint.checks.debug import is_debug_only
from ipclint.checks.flow_table import FlowError, FlowTable, is_kind, parse_flow
from ipclint.checks.rule import Rule
from ipclint.checks.verdict import Verdict
from ipclint.model.finding import Finding, Place
from ipclint.program.flow_search import EXPORT_WORDS, Flow, flows, roots
from ipclint.program.program import Program, UnitRef
from ipclint.program.vocabulary import Vocabulary

__all__ = ["EXPORT_WORDS", "FlowError", "FlowTable", "on_flows", "parse_flow", "words_of"]


def words_of(vocabulary: Vocabulary) -> tuple[frozenset[str], frozenset[str]]:
    """The words of which code names one when hostile data enters by it, and the signatures of functions it enters."""
    entries = [
        api for api in vocabulary.apis.values() if any(at.startswith("param") for f in api.source for at in f.at)
    ]
    signatures = {
        spelling.rpartition(" ")[2].rstrip("]") if " " in spelling else spelling.partition(".")[2]
        for api in entries
        for spelling in (*api.swift, *api.objc)
    }
    texts = {text for api in entries for text in api.hints}
    return vocabulary.source_words | EXPORT_WORDS | texts, frozenset(signatures)


def on_flows(table: FlowTable) -> Callable[[Rule, Program, UnitRef, object], Iterator[Finding]]:
    """Reports the flows that begin at a unit. One finding a place: the gravest."""

    def detect(rule: Rule, program: Program, ref: UnitRef, unit: object) -> Iterator[Finding]:
        best: dict[Place, Verdict] = {}
        for root in roots(program, ref):
            if not is_kind(root.kind, table.from_):
                continue
            for flow in flows(program, root):
                if _counts(table, flow):
                    verdict = Verdict(rule, program, table, ref, flow)
                    known = best.get(verdict.place)
                    if known is None or verdict.rank > known.rank:
                        best[verdict.place] = verdict
        yield from (verdict.finding() for verdict in best.values())

    return detect


def _counts(table: FlowTable, flow: Flow) -> bool:
    if not is_kind(flow.sink.kind, table.to) or not flow.tokens.isdisjoint(table.unless):
        return False
    if any(
        is_kind(flow.sink.kind, (sink,)) and not is_kind(flow.root.kind, kinds) for sink, kinds in table.only.items()
    ):
        return False
    for kind, tokens in table.needs.items():
        if is_kind(flow.root.kind, (kind,)) and not flow.tokens.issuperset(tokens):
            return False
    return not is_debug_only(flow.conditions)
