"""What a flow amounts to: its place, how grave it is, how sure, and whether it is reported by default."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ipclint.checks import command
from ipclint.checks.detectors.peer_apis import STRONG
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.flow_table import SHAPES, FlowTable, is_kind
from ipclint.checks.rule import Rule
from ipclint.checks.shape import Shape
from ipclint.checks.story import half_validator, place_of, sink_name, source_name, story
from ipclint.model.finding import CONFIDENCES, SEVERITIES, Confidence, Finding, Place, Profile, Severity
from ipclint.model.ir import Call, Member, walk
from ipclint.program.configuration import is_privileged, programs_of
from ipclint.program.flow_model import CallHit, ReturnHit
from ipclint.program.flow_search import Flow, Link, Root
from ipclint.program.link import callers, owner_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import listeners_of


class _Facts(NamedTuple):
    privileged: bool
    embedded: bool
    checked: bool


class Verdict:
    """A flow under a rule's eye. The finding is made when it is asked for: many flows end at one place, one is told."""

    def __init__(self, rule: Rule, program: Program, table: FlowTable, site: UnitRef, flow: Flow) -> None:
        self.rule, self.program, self.table, self.flow = rule, program, table, flow
        self.shape = SHAPES[table.shape](rule, program, flow) if table.shape else Shape(self._variant())
        self.facts = _facts(program, site, flow.root)
        self.place = self._place()
        self.severity: Severity = self._severity()
        self.confidence: Confidence = self._confidence()

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Graver, surer, graver wherever it runs, shorter."""
        sure = CONFIDENCES.index(self.confidence)
        return SEVERITIES.index(self.severity), sure, self._grade(), -len(self.flow.links)

    def _grade(self) -> int:
        return SEVERITIES.index(self.rule.severity.get(self.shape.variant, self.rule.severity[""]))

    def finding(self) -> Finding:
        flow, shape = self.flow, self.shape
        holes: dict[str, str | Place] = {
            "source": source_name(self.program, flow),
            "sink": sink_name(flow.sink),
            "tool": shape.tool or "the program it starts",
        }
        if shape.argument is not None:
            holes["argument"] = shape.argument
        if (component := _component(self.program, flow)) is not None:
            holes["component"] = component
        found = self.rule.finding(
            self.place,
            self.confidence,
            severity=self.severity,
            context=shape.variant,
            variant=shape.variant,
            holes=holes,
            steps=story(self.program, flow),
        )
        note = half_validator(flow)
        message = f"{found.message}; {note}" if note else found.message
        return msgspec.structs.replace(found, message=message, profile=self._profile(found.profile))

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

    def _confidence(self) -> Confidence:
        if self.flow.weak > 1:
            return "hint"
        direct = len(self.flow.links) == 1 and not self.flow.weak
        shell = self.table.shape == "command" and self.shape.variant == command.SHELL
        return "certain" if direct or shell else "likely"

    def _severity(self) -> Severity:
        facts = self.facts
        raised = min(self._grade() + facts.privileged, len(SEVERITIES) - 1)
        grade = max(raised - facts.checked - facts.embedded - self._is_asked(), 1)
        if "code.verified" in self.flow.tokens:  # what runs was signed by the right people; it can still be exchanged
            grade = min(grade, SEVERITIES.index("low" if "path.joined" in self.flow.tokens else "medium"))
        return SEVERITIES[grade]

    def _is_asked(self) -> bool:
        return is_kind(self.flow.root.kind, self.table.asked)

    def _profile(self, profile: Profile) -> Profile:
        facts, confidence = self.facts, self.confidence
        weaker = "code.verified" in self.flow.tokens or self._is_asked()
        harmless = self.table.only_privileged and not facts.privileged
        if harmless and self._is_asked():
            return "pedantic"  # who may send it Apple events can do what the program can, and it can do little
        if profile == "recommended" and (weaker or harmless):
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
            if hop.kind != "pass" or not any(name in hop.text for name in _JOINS):
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
