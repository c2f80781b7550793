"""What is known of tainted data at one point of a body: which places hold it, what was made sure of, how it got there.

Taint comes from one input at a time (a parameter, a field, a source), so a place is either untainted or carries one
`Taint`. The order is: more tainted places, fewer assurances, stronger evidence, shorter story. A join moves up in it
and the order has no endless ascent, so loops end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ipclint.model.ir import Expr

Place = tuple[str, ...]
"""An access path: ("x",), ("self", "command"), ("request", "url", "path"). Globals begin with ""."""

MAX_PLACE = 4  # components; deeper members share their container's taint

Tokens = frozenset[str]
"""What was made sure of: "value" (it is one of known values), "path" (stays in a folder), "option" (no leading -)…"""

NOTHING: Tokens = frozenset()

IMPLIED: tuple[tuple[Tokens, str], ...] = (
    (frozenset({"path.joined", "path.no-dots"}), "path"),
    (frozenset({"path.joined", "path.no-slash"}), "path"),
    (frozenset({"path.prefix", "path.no-dots"}), "path"),
    (frozenset({"path.prefix", "path.resolved"}), "path"),
    (frozenset({"url.host", "url.scheme"}), "url"),
)
"""Assurances that add up: a name without ".." below a fixed folder stays in that folder."""


PART = "url.part"
"""Marks data that is a part of a link: its query, a parameter, a path component."""

NUMBER = "number"
"""Marks a number, and what was made of one: it says nothing that a sink of texts could take."""

_OF_LINK = {"link.host": "url.host", "link.scheme": "url.scheme"}
"""What a test makes sure of that looks at a link before anything is taken out of it, and what it means for the data."""


def closed(tokens: Tokens) -> Tokens:
    """`tokens` with what they imply together."""
    more = {implied for parts, implied in IMPLIED if parts <= tokens}
    return tokens if more <= tokens else tokens | more


def added(tokens: Tokens, more: Tokens) -> Tokens:
    """`tokens`, and `more` that was made sure of after them.

    A link's host names the action it asks for, and says nothing of the addresses among its parameters. A test of the
    host means the data's own host only when the data is such a part already.
    """
    return closed(tokens | (settled(more) if PART in tokens else more))


def settled(tokens: Tokens) -> Tokens:
    """`tokens` of data of which nothing was taken after the tests."""
    return closed(frozenset(_OF_LINK.get(token, token) for token in tokens)) if _OF_LINK.keys() & tokens else tokens


class Hop(NamedTuple):
    """One step of a story inside a body: bytes `start` to `end` of the unit, what happens (`kind`), a name for it."""

    start: int
    end: int
    kind: str
    text: str


class Chain(NamedTuple):
    """Hops, the latest first."""

    hop: Hop
    before: Chain | None

    def hops(self) -> tuple[Hop, ...]:
        """In the order they happened."""
        found: list[Hop] = []
        chain: Chain | None = self
        while chain is not None:
            found.append(chain.hop)
            chain = chain.before
        return tuple(reversed(found))


class Taint(NamedTuple):
    """`weak` 0: followed statement by statement; 1: through a field; 2: through a call that its name alone resolved.
    `cost` is the length of the story, callees' stories included."""

    tokens: Tokens = NOTHING
    weak: int = 0
    cost: int = 0
    chain: Chain | None = None

    def sure(self, tokens: Iterable[str]) -> Taint:
        """The same with more assurances."""
        more = added(self.tokens, frozenset(tokens))
        return self if more == self.tokens else self._replace(tokens=more)

    def then(self, hop: Hop, tokens: Tokens = NOTHING, weak: int = 0, cost: int = 1) -> Taint:
        """After one more step; a step that says the same again is not added."""
        grown = added(self.tokens, tokens) if tokens else self.tokens
        if self.chain is not None and self.chain.hop == hop:
            return self._replace(tokens=grown, weak=max(self.weak, weak))
        return Taint(grown, max(self.weak, weak), self.cost + cost, Chain(hop, self.chain))


def join(one: Taint, other: Taint) -> Taint:
    """Either may hold: what both assure, told by the better story."""
    best = one if (one.weak, one.cost) <= (other.weak, other.cost) else other
    return best._replace(tokens=one.tokens & other.tokens)


Value = Mapping[Place, Taint]
"""The taint of a value: of all of it under (), of a member under its path."""

EMPTY: Value = {}


def joined(values: Iterable[Value]) -> Value:
    """The value that may be any of these."""
    found: dict[Place, Taint] = {}
    for value in values:
        for place, taint in value.items():
            found[place] = join(found[place], taint) if place in found else taint
    return found


def mapped(value: Value, hop: Hop, tokens: Tokens = NOTHING) -> Value:
    """The value after a step that all of it takes."""
    return {place: taint.then(hop, tokens) for place, taint in value.items()}


def whole(value: Value) -> Taint | None:
    """The taint of something made of the whole value, members included; None when nothing of it is tainted."""
    found: Taint | None = None
    for taint in value.values():
        found = taint if found is None else join(found, taint)
    return found


class State:
    """The tainted places at a point of a body. A place that maps to None was overwritten inside a tainted container.

    `same` says of what a place holds the same information (a test of one is a test of the other), `tests` which
    expression gave a flag or status its value; `failed` are statuses that turned out not to mean success.
    """

    __slots__ = ("failed", "places", "same", "tests")

    def __init__(self) -> None:
        self.places: dict[Place, Taint | None] = {}
        self.same: dict[Place, tuple[Place, ...]] = {}
        self.tests: dict[Place, Expr] = {}
        self.failed: frozenset[Place] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.places == other.places

    def copy(self) -> State:
        twin = State()
        twin.places, twin.same, twin.tests = dict(self.places), dict(self.same), dict(self.tests)
        twin.failed = self.failed
        return twin

    def read(self, place: Place) -> Value:
        """What is tainted of a place: all of it when a container is, else its tainted members."""
        if not self.places:
            return EMPTY
        found: dict[Place, Taint] = {}
        for length in range(len(place), 0, -1):
            if place[:length] in self.places:
                taint = self.places[place[:length]]
                if taint is not None:
                    found[()] = taint
                break
        size = len(place)
        for held, taint in self.places.items():
            if len(held) > size and taint is not None and held[:size] == place:
                found[held[size:]] = taint
        return found

    def write(self, place: Place, value: Value) -> None:
        """The place holds `value` from now on, and nothing else."""
        place = place[:MAX_PLACE]
        for held in [held for held in self.places if held[: len(place)] == place]:
            del self.places[held]
        self.same.pop(place, None)
        self.tests.pop(place, None)
        self.failed -= {place}
        if () not in value and self._container(place) is not None:
            self.places[place] = None
        self._put(place, value)

    def add(self, place: Place, value: Value) -> None:
        """The place may hold `value` from now on."""
        self._put(place[:MAX_PLACE], value)

    def _put(self, place: Place, value: Value) -> None:
        for member, taint in value.items():
            target = (*place, *member)[:MAX_PLACE]
            old = self.places.get(target)
            self.places[target] = taint if old is None else join(old, taint)

    def _container(self, place: Place) -> Taint | None:
        for length in range(len(place) - 1, 0, -1):
            if place[:length] in self.places:
                return self.places[place[:length]]
        return None

    def assure(self, place: Place, tokens: Iterable[str]) -> None:
        """Something was made sure of what the place holds, and so of every place that holds the same."""
        tokens = frozenset(tokens)
        for each in self.equals(place):
            found = False
            for held, taint in list(self.places.items()):
                if held[: len(each)] == each and taint is not None:
                    self.places[held] = taint.sure(tokens)
                    found = True
            if not found and (container := self._container(each)) is not None and each not in self.places:
                self.places[each] = container.sure(tokens)

    def assure_all(self, tokens: Tokens) -> None:
        """Something was made sure of that holds for whatever is tainted (the user was asked)."""
        for place, taint in self.places.items():
            if taint is not None:
                self.places[place] = taint.sure(tokens)

    def link(self, place: Place, twins: Iterable[Place]) -> None:
        """The place holds the same information as `twins`."""
        others = tuple(twin for twin in twins if twin != place)
        if others:
            self.same[place] = others
            for twin in others:
                self.same[twin] = (*self.same.get(twin, ()), place)

    def equals(self, place: Place) -> tuple[Place, ...]:
        """The place and those that hold the same information, a few derivations far."""
        found = [place]
        for each in found:
            found.extend(twin for twin in self.same.get(each, ()) if twin not in found and len(found) < 8)
        return tuple(found)


def merged(states: Iterable[State | None]) -> State | None:
    """The state where several ways meet; None when none arrives."""
    arriving = [state for state in states if state is not None]
    if len(arriving) < 2:
        return arriving[0] if arriving else None
    result = State()
    for place in dict.fromkeys(place for state in arriving for place in state.places):
        taints = [state.places[place] if place in state.places else _inherited(state, place) for state in arriving]
        tainted = [taint for taint in taints if taint is not None]
        if tainted:
            best = tainted[0]
            for taint in tainted[1:]:
                best = join(best, taint)
            result.places[place] = best
        elif any(place in state.places for state in arriving):
            result.places[place] = None
    first = arriving[0]
    result.same = {p: twins for p, twins in first.same.items() if all(s.same.get(p) == twins for s in arriving[1:])}
    result.tests = {p: test for p, test in first.tests.items() if all(s.tests.get(p) is test for s in arriving[1:])}
    result.failed = first.failed
    for state in arriving[1:]:
        result.failed &= state.failed
    return result


def _inherited(state: State, place: Place) -> Taint | None:
    value = state.read(place)
    return value.get(())
