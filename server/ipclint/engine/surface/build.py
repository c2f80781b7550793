"""From a session to its surface map: every endpoint judged and put in its place, both sides of each paired."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from ipclint.checks.crossing import FAMILIES, Crossing, what_crosses
from ipclint.checks.trust import Trust, trust
from ipclint.engine.changes import Delta
from ipclint.engine.report import Document
from ipclint.engine.surface.arrows import channels
from ipclint.engine.surface.reach import reach_of
from ipclint.engine.surface.shape import (
    VERSION,
    Argument,
    Authentication,
    Entry,
    Method,
    Point,
    Rated,
    Requirement,
    Sink,
    Spot,
    Surface,
    Target,
    Tool,
)
from ipclint.engine.workspace import Workspace
from ipclint.model.facts import PlistFacts
from ipclint.model.finding import Place
from ipclint.program.channels import every_endpoint
from ipclint.program.configuration import targets
from ipclint.program.endpoints import Endpoint, Owner
from ipclint.program.mechanisms import MECHANISMS, comparable
from ipclint.program.program import Program
from ipclint.program.target_info import TargetInfo

if TYPE_CHECKING:
    from ipclint.engine.session import Session

HOLDERS = frozenset({"source", "sources", "src", "apps", "packages", "modules", "libraries", "frameworks", "code"})
MAX_ROUNDS = 8
"""How often files that a question turned out to need are read before the map must do with what it has."""


def of(session: Session, changed: Callable[[Delta], None] = lambda delta: None) -> Surface:
    """The surface map of a session that was loaded. Reads the files that its questions turn out to need.

    `changed` is told when that changes reports, for who shows them.
    """
    found = session.surface()
    for _ in range(MAX_ROUNDS):
        delta = session.catch_up()
        if delta is None:  # a file may change nothing by itself and still lead to one that does
            break
        if delta.changed:
            changed(delta)
        found = session.surface()
    return found


def surface_of(files: Workspace) -> Surface:
    """The surface map of what is known of the files now."""
    maker = _Maker(files)
    for island in files.islands():
        maker.add(island.program)
    return maker.surface()


class _Maker:
    """Collects targets and endpoints of one program after the other."""

    def __init__(self, files: Workspace) -> None:
        self._files = files
        self._documents: dict[str, Document] = {}
        self._targets: dict[tuple[str, str], Target] = {}
        self._entries: dict[str, Entry] = {}
        self._names: set[str] = set()

    def surface(self) -> Surface:
        entries = tuple(sorted(self._entries.values(), key=lambda e: (e.spot.path, e.spot.start.offset, e.kind, e.id)))
        known = tuple(sorted(self._targets.values(), key=lambda target: (target.name, target.project)))
        outside, arrows = channels(known, entries)
        name = os.path.basename(self._files.disk.root.rstrip(os.sep)) or "/"
        return Surface(VERSION, Tool(), name, known, outside, entries, arrows)

    def add(self, program: Program) -> None:
        every = every_endpoint(program)
        known = targets(program)
        infos = {(info.project, info.name): info for info in (known.all() if known is not None else ())}
        made = [self._entry(program, each, infos) for each in every]
        ids = [each.id for each in made]
        for number, (endpoint, entry) in enumerate(zip(every, made, strict=True)):
            peers = (ids[other] for other, each in enumerate(every) if other != number and are_peers(endpoint, each))
            self._entries[entry.id] = _with_peers(entry, peers)

    # ── targets ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _target(self, owner: Owner, infos: dict[tuple[str, str], TargetInfo]) -> str:
        key = owner.project, owner.name
        if key not in self._targets:
            self._targets[key] = _target(owner, infos.get(key))
        return self._targets[key].id

    def _folder(self, endpoint: Endpoint) -> str:
        """What stands for an unknown target: a folder at the top, or in one that holds others."""
        *folders, _ = endpoint.place.path.split("/")
        depth = 2 if folders and folders[0].lower() in HOLDERS else 1
        name = "/".join(folders[:depth]) or "."
        key = "/", name
        if key not in self._targets:
            self._targets[key] = msgspec.structs.replace(
                _target(Owner(name, False, "/"), None), kind="folder", project=""
            )
        return self._targets[key].id

    # ── endpoints ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _entry(self, program: Program, endpoint: Endpoint, infos: dict[tuple[str, str], TargetInfo]) -> Entry:
        crossing = what_crosses(program, endpoint)
        mechanism = MECHANISMS[endpoint.kind]
        return Entry(
            id=self._name(endpoint),
            kind=endpoint.kind,
            name=endpoint.name,
            direction=endpoint.direction,
            api=endpoint.api,
            spot=self._spot(endpoint.place),
            also=tuple(map(self._spot, endpoint.also)),
            targets=tuple(self._target(owner, infos) for owner in endpoint.owners) or (self._folder(endpoint),),
            reach=reach_of(endpoint),
            authentication=self._authentication(trust(program, endpoint)),
            rating=Rated(mechanism.rating, mechanism.note),
            protocols=endpoint.protocols,
            methods=tuple(map(self._method, crossing)),
            peers=(),
        )

    def _name(self, endpoint: Endpoint) -> str:
        """What the same endpoint is called in every revision: not its place, unless nothing else tells it."""
        owners = sorted(owner.name for owner in endpoint.owners)
        name = "" if endpoint.kind == "document type" else endpoint.name
        where = [] if name else [endpoint.place.path, endpoint.place.unit]
        words = "\0".join((endpoint.kind, endpoint.direction, name, *owners, *where))
        name = hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        number = 2
        while name in self._names:
            name = f"{name.partition('-')[0]}-{number}"
            number += 1
        self._names.add(name)
        return name

    def _authentication(self, found: Trust) -> Authentication:
        demands = (Requirement(each.text, each.verdict, self._spot(each.place)) for each in found.demands)
        return Authentication(
            found.state, found.says, found.checks, tuple(demands), tuple(map(self._spot, found.places))
        )

    def _method(self, crossing: Crossing) -> Method:
        return Method(
            signature=crossing.signature,
            protocol=crossing.protocol,
            arguments=tuple(Argument(name, type) for name, type in crossing.params),
            spot=self._spot(crossing.place),
            body=self._spot(crossing.body) if crossing.body is not None else None,
            reaches=tuple(Sink(s.family, FAMILIES[s.family], s.code, self._spot(s.place)) for s in crossing.reaches),
        )

    # ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _spot(self, place: Place) -> Spot:
        document = self._documents.get(place.path)
        if document is None:
            document = self._documents[place.path] = self._files.document(place.path)
        location = document.resolve(place)
        return Spot(place.path, _point(document, location.start), _point(document, location.end))


def _point(document: Document, offset: int) -> Point:
    line, column = document.lines.position(offset)
    before = document.lines.line(line)[:column] if line < len(document.lines.starts) else b""
    return Point(line + 1, len(before.decode("utf-8", "replace")) + 1, offset)


def _target(owner: Owner, info: TargetInfo | None) -> Target:
    words = f"{owner.project}\0{owner.name}"
    name = hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    if info is None:
        return Target(f"target-{name}", owner.name, "", "", (), owner.privileged, None, owner.project, True)
    kind = info.product_type.removeprefix("com.apple.product-type.")
    return Target(
        id=f"target-{name}",
        name=info.name,
        kind=kind,
        bundle_id=info.bundle_id,
        platforms=info.platforms,
        privileged=info.is_privileged,
        sandboxed=_sandboxed(info),
        project=info.project,
        guessed=info.guessed,
    )


def _sandboxed(info: TargetInfo) -> bool | None:
    """Whether the program runs in a sandbox: always on iOS and its kin, else as the entitlements that ship say."""
    if info.platforms and "macos" not in info.platforms:
        return True
    known = [each.facts for each in info.signing if isinstance(each.facts, PlistFacts) and each.facts.root is not None]
    if not known:
        return None
    value = known[0].root.get("com.apple.security.app-sandbox") if known[0].root is not None else None
    return value is not None and value.scalar is True


def _with_peers(entry: Entry, peers: Iterator[str]) -> Entry:
    return msgspec.structs.replace(entry, peers=tuple(dict.fromkeys(peers)))


def are_peers(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints are sides of one channel: their names say so."""
    if not one.name or comparable(one.name) != comparable(other.name):
        return False
    ways = {one.direction, other.direction}
    same = MECHANISMS[one.kind].family == MECHANISMS[other.kind].family
    if ways == {"in", "out"}:
        return same
    return one.kind == other.kind and "both" in ways and one.owners != other.owners
