"""Where the program meets other processes: what listens, what connects, and what property lists open to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function, PlistFacts, PlistValue
from ipclint.model.finding import Place
from ipclint.model.ir import Call, Node
from ipclint.program.configuration import programs_of, targets
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import calls_in, declarations
from ipclint.program.mechanisms import MECHANISMS, Direction, Kind, Rating
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Listener, interfaces, listeners, opens_listener
from ipclint.program.target_info import TargetInfo
from ipclint.program.targets import Targets

GROUPS = "com.apple.security.application-groups"
DOMAINS = "com.apple.developer.associated-domains"
ANYONE = "any process that may look the name up"
HANDED = "who is handed its endpoint"
REACH = {
    "mach-service": ANYONE,
    "service": "what contains the service",
    "anonymous": HANDED,
}


class Owner(NamedTuple):
    """A target that an endpoint belongs to. `project` is the path of its project file, "" for a guessed one."""

    name: str
    privileged: bool
    project: str = ""


class Endpoint(NamedTuple):
    """One place where data crosses. `name` is "" when unknown; `reach` says who can get there ("" for a client).

    `methods` are those of `protocols` with the types of their arguments. `listener` is there for an NSXPCListener.
    `rating` is that of the mechanism, "" where it has none. `api` is what makes it: a function, a class, a key of a
    property list. `also` are further places of the same endpoint.
    """

    kind: Kind
    name: str
    place: Place
    owners: tuple[Owner, ...]
    reach: str
    rating: Rating
    protocols: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    listener: Listener | None = None
    api: str = ""
    also: tuple[Place, ...] = ()
    way: Direction | None = None  # where it differs from what is usual for its kind

    @property
    def direction(self) -> Direction:
        return self.way or MECHANISMS[self.kind].direction


def endpoints(program: Program) -> tuple[Endpoint, ...]:
    """Every endpoint of the program that is known, by place."""
    found = [*_nsxpc_listeners(program), *_clients(program), *_raw(program), *_configured(program)]
    return tuple(sorted(set(found), key=lambda endpoint: (endpoint.place, endpoint.kind, endpoint.name)))


# ── in code ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _nsxpc_listeners(program: Program) -> Iterator[Endpoint]:
    for listener in listeners(program):
        decided_by = {
            member
            for delegate in listener.delegates
            for _, declaration in declarations(program, delegate)
            for member in program.members_of(declaration.qualified)
        }
        protocols = _protocols(program, decided_by, remote=False)
        programs = programs_of(program, listener.ref.path)
        if listener.kind == "service":
            programs = tuple(info for info in programs if info.is_embedded_service) or programs
        yield Endpoint(
            "XPC listener",
            listener.service or (bundle_id_of(programs) if listener.kind == "service" else ""),
            _place(listener.ref, listener.node),
            owners_of(programs),
            REACH.get(listener.kind, "unknown"),
            "high",
            protocols,
            _methods(program, protocols),
            listener,
            "NSXPCListener",
        )


def bundle_id_of(programs: tuple[TargetInfo, ...]) -> str:
    """The name by which an embedded service is asked for: the bundle id of the one service that code is part of."""
    names = {info.bundle_id for info in programs if info.is_embedded_service}
    name = names.pop() if len(names) == 1 else ""
    return "" if "$" in name else name


def _clients(program: Program) -> Iterator[Endpoint]:
    for ref in program.mentioning("NSXPCConnection"):
        for call in calls_in(program, ref):
            swift = call.name == "NSXPCConnection" and call.labels[:1] in (("machServiceName",), ("serviceName",))
            if swift or call.name in ("initWithMachServiceName:options:", "initWithServiceName:"):
                protocols = _protocols(program, {ref}, remote=True)
                name = _text(program, ref, call)
                yield Endpoint(
                    "XPC client", name, _place(ref, call), owners_of(programs_of(program, ref.path)), "", "high",
                    protocols, _methods(program, protocols), None, "NSXPCConnection",
                )  # fmt: skip


def _raw(program: Program) -> Iterator[Endpoint]:
    for ref in program.mentioning("xpc_connection_create_mach_service"):
        for call in calls_in(program, ref):
            if call.name == "xpc_connection_create_mach_service" and len(call.args) > 2:
                listens = opens_listener(program, ref, call)
                kind: Kind = "libxpc listener" if listens else "libxpc client"
                owners = owners_of(programs_of(program, ref.path))
                yield Endpoint(
                    kind, _text(program, ref, call), _place(ref, call), owners, ANYONE if listens else "", "high",
                    api=call.name,
                )  # fmt: skip


def _text(program: Program, ref: UnitRef, call: Call) -> str:
    texts = fold(program, ref, call.args[0])
    return texts[0] if texts and HOLE not in texts[0] else ""


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)


def _protocols(program: Program, refs: set[UnitRef], *, remote: bool) -> tuple[str, ...]:
    return tuple(sorted({each.protocol for each in interfaces(program) if each.ref in refs and each.remote == remote}))


def _methods(program: Program, protocols: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for protocol in protocols:
        for _, declaration in declarations(program, protocol):
            for member in program.members_of(declaration.qualified):
                function = program.function(member)
                if function is not None and declaration.kind == "protocol":
                    found[_method(function)] = None
    return tuple(found)


def _method(function: Function) -> str:
    types = ", ".join(" ".join(param.type.split()) or "?" for param in function.params)
    return f"{function.signature} ← {types}" if types else function.signature


def owners_of(infos: tuple[TargetInfo, ...]) -> tuple[Owner, ...]:
    """What an endpoint keeps of targets."""
    return tuple(sorted({Owner(info.name, info.is_privileged, info.project) for info in infos}))


def owners_around(known: Targets, path: str) -> tuple[Owner, ...]:
    """The target that the folder of a property list stands for, where no project says anything of either."""
    return owners_of(tuple(info for info in known.targets_of(path) if not info.project))


# ── in property lists ────────────────────────────────────────────────────────────────────────────────────────────────


def _configured(program: Program) -> Iterator[Endpoint]:
    known = targets(program)
    for facts in program.configurations():
        if known is not None and isinstance(facts, PlistFacts) and facts.root is not None:
            if facts.kind == "info":
                yield from _of_info(known, facts, facts.root)
            elif facts.kind == "entitlements":
                yield from _of_entitlements(known, facts, facts.root)


def _of_info(known: Targets, facts: PlistFacts, root: PlistValue) -> Iterator[Endpoint]:
    owners = owners_of(known.informed_by(facts.path)) or owners_around(known, facts.path)
    types = root.get("CFBundleURLTypes")
    for entry in types.items if types is not None else ():
        for place, scheme in _strings(facts, entry.get("CFBundleURLSchemes")):
            yield Endpoint(
                "URL scheme", scheme, place, owners, "any app and any web page", "very low", api="CFBundleURLTypes"
            )
    extension = root.get("NSExtension")
    if extension is not None:
        for place, point in _strings(facts, extension.get("NSExtensionPointIdentifier")):
            yield Endpoint("extension point", point, place, owners, "the system, for a host app", "", api="NSExtension")


def _of_entitlements(known: Targets, facts: PlistFacts, root: PlistValue) -> Iterator[Endpoint]:
    owners = owners_of(tuple(info for info, _ in known.signed_with(facts.path))) or owners_around(known, facts.path)
    for place, group in _strings(facts, root.get(GROUPS)):
        yield Endpoint("app group", group, place, owners, "every member of the group", "", api=GROUPS)
    for place, domain in _strings(facts, root.get(DOMAINS)):
        if domain.startswith("applinks:"):
            name = domain.removeprefix("applinks:")
            yield Endpoint("universal link", name, place, owners, "any app and any web page", "", api=DOMAINS)


def _strings(facts: PlistFacts, value: PlistValue | None) -> Iterator[tuple[Place, str]]:
    for item in (value, *value.items) if value is not None else ():
        if isinstance(item.scalar, str):
            yield Place(facts.path, "", item.span.start, item.span.end), item.scalar
