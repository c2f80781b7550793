"""What property lists open beside links and groups: launchd's names and sockets, documents, services, activities,
keychain groups, and who may install a privileged helper.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.model.facts import PlistFacts, PlistValue
from ipclint.model.finding import Place
from ipclint.program.configuration import targets
from ipclint.program.endpoints import Endpoint, Owner, owners_around, owners_of
from ipclint.program.launchd import Job
from ipclint.program.mechanisms import MECHANISMS, Kind
from ipclint.program.program import Program
from ipclint.program.query import query
from ipclint.program.targets import Targets

NETWORK_NAME = "NEMachServiceName"
ENDPOINT_SECURITY_NAME = "NSEndpointSecurityMachServiceName"
"""Keys of an Info.plist by which a system extension asks for a Mach service."""
KEYCHAIN = "keychain-access-groups"
OF_DEVICE = "any process on this device"
BY_PATH = "any process that the permissions of its file admit"
MAX_TYPES = 4  # named of an app's document types
ANY_APP = "any app, by the user's hand"
OF_ALL = "any process on the Mac that may look the name up"
OF_USER = "any process of the user that may look the name up"


@query(bottom=())
def declared(program: Program) -> tuple[Endpoint, ...]:
    """Every endpoint of this kind, by property list."""
    known = targets(program)
    found: list[Endpoint] = []
    if known is not None:
        for facts in program.configurations():
            if isinstance(facts, PlistFacts) and facts.root is not None:
                found += _of(known, facts, facts.root)
    return tuple(each for one in found for each in expanded(known, one)) if known is not None else ()


def expanded(known: Targets, endpoint: Endpoint) -> Iterator[Endpoint]:
    """The endpoint with the build settings in its name filled in: once for each name that its targets make of it."""
    if "$" not in endpoint.name:
        yield endpoint
        return
    infos = {(info.project, info.name): info for info in known.all()}
    names: dict[str, list[Owner]] = {}
    for owner in endpoint.owners:
        info = infos.get((owner.project, owner.name))
        name = info.settings[0].expand(endpoint.name) if info is not None and info.settings else endpoint.name
        names.setdefault(name, []).append(owner)
    for name, owners in names.items():
        yield endpoint._replace(name=name, owners=tuple(owners))
    if not names:
        yield endpoint


def _of(known: Targets, facts: PlistFacts, root: PlistValue) -> Iterator[Endpoint]:
    if facts.kind == "info":
        owners = owners_of(known.informed_by(facts.path)) or owners_around(known, facts.path)
        yield from _of_info(facts, root, owners)
    elif facts.kind == "entitlements":
        signed = tuple(info for info, _ in known.signed_with(facts.path))
        owners = owners_of(signed) or owners_around(known, facts.path)
        for name, place in _strings(facts, root.get(KEYCHAIN)):
            yield _endpoint("keychain group", name, place, owners, "every member of the group", KEYCHAIN)
    elif facts.kind == "launchd":
        for job in known.jobs:
            if job.facts.path == facts.path:
                runs = tuple(info for info in known.all() if any(each.facts.path == facts.path for each in info.jobs))
                yield from _of_job(job, facts, root, owners_of(runs) or _unknown_owner(job))


def _unknown_owner(job: Job) -> tuple[Owner, ...]:
    """A job that no target is known to be: the label stands for what it runs."""
    return (Owner(job.label, job.is_root),) if job.label and "$" not in job.label else ()


def _endpoint(
    kind: Kind, name: str, place: Place, owners: tuple[Owner, ...], reach: str, api: str, also: tuple[Place, ...] = ()
) -> Endpoint:
    return Endpoint(kind, name, place, owners, reach, MECHANISMS[kind].rating, api=api, also=also)


# ── Info.plist ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_info(facts: PlistFacts, root: PlistValue, owners: tuple[Owner, ...]) -> Iterator[Endpoint]:
    for name, place in _strings(facts, root.get("NSUserActivityTypes")):
        yield _endpoint(
            "user activity", name, place, owners, "other devices of the user, and the system", "NSUserActivityTypes"
        )
    attributes = root.get("EXAppExtensionAttributes")
    if attributes is not None:
        for name, place in _strings(facts, attributes.get("EXExtensionPointIdentifier")):
            yield _endpoint(
                "extension point", name, place, owners, "the system, for a host app", "EXAppExtensionAttributes"
            )
    services = root.get("NSServices")
    for entry in services.items if services is not None else ():
        name = _text(entry.get("NSMessage"))
        yield _endpoint("system service", name, _place(facts, entry), owners, ANY_APP, "NSServices")
    yield from _documents(facts, root, owners)
    network = root.get("NetworkExtension")
    for key, value in (
        (ENDPOINT_SECURITY_NAME, root.get(ENDPOINT_SECURITY_NAME)),
        (NETWORK_NAME, network.get(NETWORK_NAME) if network is not None else None),
    ):
        for name, place in _strings(facts, value):
            yield _endpoint("Mach service", name, place, owners, OF_ALL, key)
    clients = root.get("SMAuthorizedClients")
    if clients is not None and "SMPrivilegedExecutables" not in {entry.key for entry in root.entries}:
        label = _text(root.get("CFBundleIdentifier"))
        reach = "any app that meets the requirement, with an administrator's consent"
        yield _endpoint("helper installation", label, _place(facts, clients), owners, reach, "SMAuthorizedClients")


def _documents(facts: PlistFacts, root: PlistValue, owners: tuple[Owner, ...]) -> Iterator[Endpoint]:
    """All document types of an app are one endpoint: one door, however many shapes may pass it."""
    documents = root.get("CFBundleDocumentTypes")
    entries = documents.items if documents is not None else tuple[PlistValue, ...]()
    names = dict.fromkeys(
        text
        for entry in entries
        for value in (entry.get("LSItemContentTypes"), entry.get("CFBundleTypeExtensions"))
        if value is not None
        for text in value.strings
    )
    if names:
        shown = list(names)[:MAX_TYPES]
        more = f" and {len(names) - MAX_TYPES} more" if len(names) > MAX_TYPES else ""
        place = _place(facts, entries[0])
        yield _endpoint("document type", ", ".join(shown) + more, place, owners, ANY_APP, "CFBundleDocumentTypes")


# ── launchd ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_job(job: Job, facts: PlistFacts, root: PlistValue, owners: tuple[Owner, ...]) -> Iterator[Endpoint]:
    services = root.get("MachServices")
    reach = OF_USER if job.role == "agent" else OF_ALL
    for entry in services.entries if services is not None else ():
        place = Place(facts.path, "", entry.key_span.start, entry.key_span.end)
        yield _endpoint("Mach service", entry.key, place, owners, reach, "MachServices")
    sockets = root.get("Sockets")
    for entry in sockets.entries if sockets is not None else ():
        place = Place(facts.path, "", entry.key_span.start, entry.key_span.end)
        path, host = _text(entry.value.get("SockPathName")), _text(entry.value.get("SockNodeName"))
        local = host in ("localhost", "127.0.0.1", "::1")
        network = OF_DEVICE if local else "any process, and the network"
        yield _endpoint("launchd socket", path or entry.key, place, owners, BY_PATH if path else network, "Sockets")


def _text(value: PlistValue | None) -> str:
    return value.scalar if value is not None and isinstance(value.scalar, str) else ""


def _place(facts: PlistFacts, value: PlistValue) -> Place:
    return Place(facts.path, "", value.span.start, value.span.end)


def _strings(facts: PlistFacts, value: PlistValue | None) -> Iterator[tuple[str, Place]]:
    for item in (value, *value.items) if value is not None else ():
        if isinstance(item.scalar, str):
            yield item.scalar, _place(facts, item)
