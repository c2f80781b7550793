"""Every way in which the program meets other processes: the endpoints of XPC and property lists, and all other channels
that code opens. What one target does with one channel is one endpoint with several places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from ipclint.model.finding import Place
from ipclint.model.ir import Call, Expr, Member, Name, walk
from ipclint.program.configuration import programs_of, targets
from ipclint.program.constants import HOLE, fold
from ipclint.program.declared import declared, expanded
from ipclint.program.endpoints import HANDED, Endpoint, bundle_id_of, endpoints, owners_of
from ipclint.program.handed_names import Named, handed, keys_read
from ipclint.program.link import calls_in, type_of
from ipclint.program.mechanisms import MECHANISMS, Direction, Kind, comparable
from ipclint.program.notification_names import name_of
from ipclint.program.openings import OPENINGS, REACHED_BY, Opening
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.sharing import Found, found_in, shared
from ipclint.program.sockets import sockets
from ipclint.program.types import base_type


@query(bottom=())
def every_endpoint(program: Program) -> tuple[Endpoint, ...]:
    """Every endpoint of the program, by place."""
    in_code = (_endpoint(program, each) for each in (*_opened(program), *shared(program), *sockets(program)))
    known = targets(program)
    lists = [each for each in endpoints(program) if not each.place.unit]
    code = [each for each in endpoints(program) if each.place.unit]
    made = [named for each in chain(code, in_code) for named in _named(program, each)]
    if known is not None:
        made += (filled for each in lists for filled in expanded(known, each))
    merged = _with_jobs(_merged([*made, *declared(program)]))
    return tuple(sorted(merged, key=lambda endpoint: (endpoint.place, endpoint.kind, endpoint.name)))


def _endpoint(program: Program, found: Found) -> Endpoint:
    mechanism = MECHANISMS[found.kind]
    place = Place(found.ref.path, found.ref.key, found.node.start, found.node.end)
    programs = programs_of(program, found.ref.path)
    name = found.name
    if found.api == "xpc_main":
        programs = tuple(info for info in programs if info.is_embedded_service) or programs
        name = bundle_id_of(programs)
    way = found.way if found.way != mechanism.direction else None
    reach = found.reach or REACHED_BY.get(found.kind, "")
    return Endpoint(found.kind, name, place, owners_of(programs), reach, mechanism.rating, api=found.api, way=way)


def _named(program: Program, endpoint: Endpoint) -> Iterator[Endpoint]:
    """The endpoint; one whose name callers hand over, once for each name, as an endpoint of their targets."""
    ref = UnitRef(endpoint.place.path, endpoint.place.unit)
    argument = None if endpoint.name else _name_argument(program, ref, endpoint.place)
    if argument is None:
        yield endpoint
        return
    names = handed(program, ref, argument) or (Named("", ref, argument),)
    names = tuple(found for each in names for found in _listed(program, each))
    for text in dict.fromkeys(each.text for each in names):
        sites = [each for each in names if each.text == text and each.node != argument]
        owners = {owner for each in sites for owner in owners_of(programs_of(program, each.ref.path))}
        places = tuple(Place(each.ref.path, each.ref.key, each.node.start, each.node.end) for each in sites)
        also = (*endpoint.also, *places)
        yield endpoint._replace(name=text, owners=tuple(sorted(owners)) or endpoint.owners, also=also)


def _listed(program: Program, named: Named) -> Iterator[Named]:
    """A name that is read from an Info.plist: from that of the target which asks, where it has one."""
    if named.text:
        yield named
        return
    keys = keys_read(program, named.ref, named.node)
    found = [each for each in declared(program) if each.kind == "Mach service" and each.api in keys]
    asking = set(owners_of(programs_of(program, named.ref.path)))
    own = [each for each in found if asking.intersection(each.owners)]
    for each in own or found:
        yield named._replace(text=each.name)
    if not found:
        yield named


def _name_argument(program: Program, ref: UnitRef, place: Place) -> Expr | None:
    """The argument of the call at a place that names the service."""
    for call in calls_in(program, ref):
        if (call.start, call.end) == (place.start, place.end) and call.args:
            opening = OPENINGS.get(call.name)
            if opening is not None and opening.kind.endswith(("listener", "client", "memory", "pipe", "container")):
                found = _argument(call, opening)
                if found is not None:
                    return found
            return call.args[0] if call.name in _NAMED_FIRST else None
    return None


_NAMED_FIRST = frozenset(
    {"xpc_connection_create_mach_service", "initWithMachServiceName:options:", "initWithServiceName:"}
    | {"NSXPCConnection", "NSXPCListener", "initWithMachServiceName:"}
)
"""Calls whose first argument is the name of a service."""


def _merged(found: Iterable[Endpoint]) -> list[Endpoint]:
    """One endpoint for what one target does with one channel; listeners stay apart, as each has its own peer check."""
    groups: dict[tuple[object, ...], list[Endpoint]] = {}
    for number, each in enumerate(sorted(set(found), key=lambda endpoint: (endpoint.place, endpoint.kind))):
        apart: object = None if each.name or MECHANISMS[each.kind].family not in _APART else each.place.path
        if each.kind.endswith("listener"):
            apart = number
        groups.setdefault((each.kind, each.name, each.owners, each.direction, apart), []).append(each)
    return [_one_of(group) for group in groups.values()]


_APART = frozenset({"XPC", "Mach", "socket", "link"})
"""Families of which two without a known name, in two files, are hardly the same."""


def _one_of(group: list[Endpoint]) -> Endpoint:
    return group[0]._replace(
        also=(*group[0].also, *(each.place for each in group[1:])),
        protocols=tuple(dict.fromkeys(chain.from_iterable(each.protocols for each in group))),
        methods=tuple(dict.fromkeys(chain.from_iterable(each.methods for each in group))),
    )


def _with_jobs(found: list[Endpoint]) -> Iterator[Endpoint]:
    """The name that launchd hands out and the code that listens on it are one endpoint."""
    listening = {comparable(each.name) for each in found if each.kind.endswith("listener")}
    jobs = {comparable(each.name): each for each in found if each.kind == "Mach service"}
    for each in found:
        name = comparable(each.name)
        job = jobs.get(name) if each.kind.endswith("listener") and name else None
        if job is not None:
            places = (*each.also, job.place, *job.also)
            yield each._replace(also=places, reach=job.reach, owners=each.owners or job.owners)
        elif each.kind != "Mach service" or name not in listening:
            yield each


# ── calls that open a channel ────────────────────────────────────────────────────────────────────────────────────────


def _opened(program: Program) -> Iterator[Found]:
    """What the table of calls finds, and the centres for notifications of Core Foundation."""
    words = dict.fromkeys(name.partition(":")[0] for name in OPENINGS)
    refs = {ref for word in words for ref in program.mentioning(word)}
    for ref in sorted(refs):
        yield from found_in(program, ref, _opened_in)
    for ref in program.mentioning("CFNotificationCenterAddObserver"):
        yield from _observed(program, ref, "CFNotificationCenterAddObserver", 3, "in")
    for name in ("CFNotificationCenterPostNotification", "CFNotificationCenterPostNotificationWithOptions"):
        for ref in program.mentioning(name):
            yield from _observed(program, ref, name, 1, "out")


def _opened_in(program: Program, ref: UnitRef) -> Iterator[Found]:
    for call in calls_in(program, ref):
        opening = OPENINGS.get(call.name)
        if opening is not None and _fits(program, ref, call, opening):
            yield _found(program, ref, call, opening)


def _fits(program: Program, ref: UnitRef, call: Call, opening: Opening) -> bool:
    if opening.labels and not set(opening.labels) & set(call.labels):
        return False
    return not opening.on or is_on(program, ref, call.target, opening.on)


def is_on(program: Program, ref: UnitRef, target: Expr | None, types: tuple[str, ...]) -> bool:
    """Whether a receiver is of one of these types, by what is known of it or by what it names."""
    if target is None:
        return False
    if base_type(type_of(program, ref, target).removesuffix(".Type")).rpartition(".")[2] in types:
        return True
    return any(isinstance(node, Name) and node.text in types for node in walk(target))


def _found(program: Program, ref: UnitRef, call: Call, opening: Opening) -> Found:
    argument = _argument(call, opening)
    if opening.kind == "libxpc client" and _is_nil(argument):
        return Found("libxpc listener", "", ref, call, call.name, reach=HANDED)
    name = _name(program, ref, argument, opening.kind)
    reach = "what contains the service" if call.name == "xpc_main" else ""
    return Found(opening.kind, name, ref, call, call.name.partition(":")[0], opening.way, reach)


def _argument(call: Call, opening: Opening) -> Expr | None:
    for label in opening.labels:
        if label in call.labels:
            return call.args[call.labels.index(label)]
    return call.args[opening.at] if opening.at is not None and opening.at < len(call.args) else None


def _is_nil(argument: Expr | None) -> bool:
    return getattr(argument, "kind", "") == "nil"


def _name(program: Program, ref: UnitRef, argument: Expr | None, kind: Kind) -> str:
    if argument is None:
        return ""
    if kind.endswith("notification"):
        return name_of(program, ref, argument)
    texts = fold(program, ref, argument)
    return texts[0] if texts and HOLE not in texts[0] else ""


def _observed(program: Program, ref: UnitRef, api: str, at: int, way: Direction) -> Iterator[Found]:
    """Core Foundation's notifications, unless they stay in the process."""
    for call in calls_in(program, ref):
        if call.name != api or len(call.args) <= at:
            continue
        centre = _centre(program, ref, call.args[0])
        if centre is not None:
            name = name_of(program, ref, call.args[at])
            yield Found(centre, name, ref, call, api, way)


def _centre(program: Program, ref: UnitRef, expr: Expr) -> Kind | None:
    """Which notifications a centre is for; None for those of the process, and when that is not known."""
    words = {node.name for node in walk(expr) if isinstance(node, Call)}
    if isinstance(expr, Name | Member):
        function = program.function(ref)
        words |= set(function.mentions) if function is not None else set[str]()
    if "CFNotificationCenterGetDarwinNotifyCenter" in words:
        return "Darwin notification"
    return "distributed notification" if "CFNotificationCenterGetDistributedCenter" in words else None
