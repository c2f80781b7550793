"""Rules about flows: `[flow]` tables tried on everything that hostile data reaches.

    [flow]
    from = ["ipc"]                      # kinds of sources; "ipc" also means "ipc.xpc"
    to = ["path"]                       # kinds of sinks
    unless = ["value", "path"]          # assurances that clear it (see rules/models/validators.toml)
    needs = { "ipc.url" = ["url.part"] }  # what must have happened to data of a source for it to count
    only = { "path.list" = ["ipc.xpc"] }  # sinks that count for some of the sources alone
    variants = { "path.read" = "b" }    # the catalogue's letter by kind of sink
    strong = ["path.write"]             # sinks worth reporting by default even when the flow is only likely
    asked = ["ipc.pasteboard"]          # sources that the user hands over (pastes, allows): a step less, and strict
    shape = "command"                   # a closer look, written in Python
    only-privileged = true              # elsewhere than in privileged targets: strict

The severity table of the rule gives the severity by variant; a privileged target raises it by a step, a peer that had
to show its code signature lowers it by one, and so does an embedded service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from ipclint.checks import command, file_access
from ipclint.checks.debug import is_debug_only
from ipclint.checks.detectors.peer_evidence import STRONG, guard
from ipclint.checks.rule import Rule
from ipclint.checks.shape import Shape
from ipclint.checks.story import half_validator, place_of, sink_name, source_name, story
from ipclint.model.finding import CONFIDENCES, SEVERITIES, Confidence, Finding, Place, Profile, Severity
from ipclint.model.ir import Call, Member, walk
from ipclint.program.configuration import is_privileged, programs_of
from ipclint.program.flow_model import CallHit, ReturnHit
from ipclint.program.flow_search import EXPORT_WORDS, Flow, Link, Root, flows, roots
from ipclint.program.link import callers, owner_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import listeners_of
from ipclint.program.vocabulary import Vocabulary

Shaped = Callable[[Rule, Program, Flow], Shape]

SHAPES: dict[str, Shaped] = {"command": command.shape, "path": file_access.shape}


class FlowError(ValueError):
    """A mistake in a `[flow]` table; the text says which rule and what is wrong."""


class FlowTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[flow]` table as written; see the module's text."""

    from_: tuple[str, ...] = msgspec.field(name="from")
    to: tuple[str, ...]
    unless: tuple[str, ...] = ("value",)
    needs: dict[str, tuple[str, ...]] = {}
    only: dict[str, tuple[str, ...]] = {}
    variants: dict[str, str] = {}
    strong: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    shape: str = ""
    only_privileged: bool = msgspec.field(name="only-privileged", default=False)


def parse_flow(rule: Rule, vocabulary: Vocabulary) -> FlowTable:
    """The rule's `[flow]` table. Raises FlowError."""
    try:
        table = msgspec.convert(rule.flow, FlowTable)
    except msgspec.ValidationError as error:
        raise FlowError(f"{rule.id}: [flow] {error}") from error
    for kind in table.to:
        if not vocabulary.having("sink", kind):
            raise FlowError(f'{rule.id}: no model has a sink of kind "{kind}"')
    if table.shape and table.shape not in SHAPES:
        raise FlowError(f'{rule.id}: there is no shape "{table.shape}" ({", ".join(SHAPES)})')
    return table


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
        best: dict[Place, tuple[tuple[int, int, int], Finding]] = {}
        for root in roots(program, ref):
            if not is_kind(root.kind, table.from_):
                continue
            for flow in flows(program, root):
                if _counts(table, flow):
                    finding = _Judged(rule, program, table, ref, flow).finding()
                    rank = (
                        SEVERITIES.index(finding.severity),
                        CONFIDENCES.index(finding.confidence),
                        -len(finding.steps),
                    )
                    if finding.place not in best or rank > best[finding.place][0]:
                        best[finding.place] = rank, finding
        yield from (finding for _, finding in best.values())

    return detect


def is_kind(kind: str, kinds: Iterable[str]) -> bool:
    """Whether `kind` is one of `kinds` or below one."""
    return any(kind == each or kind.startswith(f"{each}.") for each in kinds)


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


class _Facts(NamedTuple):
    privileged: bool
    embedded: bool
    checked: bool


class _Judged:
    """A flow under a rule's eye."""

    def __init__(self, rule: Rule, program: Program, table: FlowTable, site: UnitRef, flow: Flow) -> None:
        self.rule, self.program, self.table, self.site, self.flow = rule, program, table, site, flow

    def finding(self) -> Finding:
        rule, flow = self.rule, self.flow
        shape = SHAPES[self.table.shape](rule, self.program, flow) if self.table.shape else None
        variant = shape.variant if shape is not None else self._variant()
        facts = _facts(self.program, self.site, flow.root)
        confidence = self._confidence(variant)
        holes: dict[str, str | Place] = {
            "source": source_name(self.program, flow),
            "sink": sink_name(flow.sink),
            "tool": (shape.tool if shape is not None else "") or "the program it starts",
        }
        if shape is not None and shape.argument is not None:
            holes["argument"] = shape.argument
        if (component := _component(self.program, flow)) is not None:
            holes["component"] = component
        found = rule.finding(
            self._place(),
            confidence,
            severity=self._severity(variant, facts),
            context=variant,
            variant=variant,
            holes=holes,
            steps=story(self.program, flow),
        )
        note = half_validator(flow)
        message = f"{found.message}; {note}" if note else found.message
        return msgspec.structs.replace(found, message=message, profile=self._profile(found.profile, confidence, facts))

    def _variant(self) -> str:
        kinds = sorted((kind for kind in self.table.variants if is_kind(self.flow.sink.kind, (kind,))), key=len)
        return self.table.variants[kinds[-1]] if kinds else ""

    def _place(self) -> Place:
        """The sink. A function that several call is a wrapper: then the call that hands it the data. When that lies in
        another file than the function where data entered or was asked for, the statement there by which it leaves."""
        flow = self.flow
        number = len(flow.links) - 1
        while number > flow.anchor and self._is_wrapper(flow.links[number].ref, flow.links[number - 1]):
            number -= 1
        entry = flow.links[flow.anchor if isinstance(flow.links[0].leaves, ReturnHit) else 0]
        return place_of(flow.links[number] if flow.links[number].ref.path == entry.ref.path else entry)

    def _is_wrapper(self, ref: UnitRef, before: Link) -> bool:
        return isinstance(before.leaves, CallHit) and len(callers(self.program, ref)) > 1

    def _confidence(self, variant: str) -> Confidence:
        if self.flow.weak > 1:
            return "hint"
        direct = len(self.flow.links) == 1 and not self.flow.weak
        shell = self.table.shape == "command" and variant == command.SHELL
        return "certain" if direct or shell else "likely"

    def _severity(self, variant: str, facts: _Facts) -> Severity:
        base = self.rule.severity.get(variant, self.rule.severity[""])
        raised = min(SEVERITIES.index(base) + facts.privileged, len(SEVERITIES) - 1)
        grade = max(raised - facts.checked - facts.embedded - self._is_asked(), 1)
        if "code.verified" in self.flow.tokens:  # what runs was signed by the right people; it can still be exchanged
            grade = min(grade, SEVERITIES.index("low" if "path.joined" in self.flow.tokens else "medium"))
        return SEVERITIES[grade]

    def _is_asked(self) -> bool:
        return is_kind(self.flow.root.kind, self.table.asked)

    def _profile(self, profile: Profile, confidence: Confidence, facts: _Facts) -> Profile:
        weaker = "code.verified" in self.flow.tokens or self._is_asked()
        if profile == "recommended" and (weaker or (self.table.only_privileged and not facts.privileged)):
            return "strict"
        if profile != "recommended" or confidence == "certain":
            return profile
        if confidence == "hint":
            return "pedantic"
        return profile if facts.privileged or is_kind(self.flow.sink.kind, self.table.strong) else "strict"


def _facts(program: Program, site: UnitRef, root: Root) -> _Facts:
    privileged = is_privileged(program, root.ref.path)
    programs = programs_of(program, root.ref.path)
    embedded = root.kind == "ipc.xpc" and any(each.is_embedded_service for each in programs)
    return _Facts(privileged, embedded and not privileged, root.kind == "ipc.xpc" and _is_peer_checked(program, site))


def _is_peer_checked(program: Program, site: UnitRef) -> bool:
    """Whether who connects had to show its code signature, where the object is exported."""
    listeners = listeners_of(program, owner_of(program, site))
    if listeners and all(listener.requirement for listener in listeners):
        return True
    function = program.function(site)
    if function is None or function.selector != "listener:shouldAcceptNewConnection:":
        return False
    found = guard(program, site)
    return not found.open and not found.unknown and bool(found.kinds & STRONG)


_JOINS = frozenset(
    {"appendingPathComponent", "stringByAppendingPathComponent:", "URLByAppendingPathComponent:", "appending"}
)


def _component(program: Program, flow: Flow) -> Place | None:
    """The name that is appended to a folder's path on the way, where it is a plain expression."""
    for link in flow.links:
        for hop in link.leaves.story.hops:
            if hop.kind != "pass":
                continue
            for node in walk(program.body(link.ref)):
                if isinstance(node, Call) and (node.start, node.end) == (hop.start, hop.end) and node.name in _JOINS:
                    name = node.args[0] if node.args else None
                    if (
                        isinstance(name, Member | Call)
                        or name is None
                        or node.labels[0] not in ("", "path", "component")
                    ):
                        return None
                    return Place(link.ref.path, link.ref.key, name.start, name.end)
    return None
