"""What property lists open beside links and groups: launchd's names and sockets, documents, services, activities,
keychain groups, and who may install a privileged helper.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.model.facts import PlistFacts, PlistValue
from ipclint.model.finding import Place
from ipclint.program.configuration import targets
from ipclint.program.endpoints import Endpoint, Owner, owners_of
from ipclint.program.launchd import Job
from ipclint.program.mechanisms import MECHANISMS, Kind
from ipclint.program.program import Program
from ipclint.program.query import query
from ipclint.program.targets import Targets

KEYCHAIN = "keychain-access-groups"
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
    return tuple(found)


def _of(known: Targets, facts: PlistFacts, root: PlistValue) -> Iterator[Endpoint]:
    if facts.kind == "info":
        yield from _of_info(facts, root, owners_of(known.informed_by(facts.path)))
    elif facts.kind == "entitlements":
        owners = owners_of(tuple(info for info, _ in known.signed_with(facts.path)))
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
    for key in ("CFBundleDocumentTypes", "NSServices"):
        entries = root.get(key)
        for entry in entries.items if entries is not None else ():
            yield from _of_entry(facts, key, entry, owners)
    clients = root.get("SMAuthorizedClients")
    if clients is not None and "SMPrivilegedExecutables" not in {entry.key for entry in root.entries}:
        name = root.get("CFBundleIdentifier")
        label = name.scalar if name is not None and isinstance(name.scalar, str) else ""
        reach = "any app that meets the requirement, with an administrator's consent"
        yield _endpoint("helper installation", label, _place(facts, clients), owners, reach, "SMAuthorizedClients")


def _of_entry(facts: PlistFacts, key: str, entry: PlistValue, owners: tuple[Owner, ...]) -> Iterator[Endpoint]:
    if key == "NSServices":
        message = entry.get("NSMessage")
        name = message.scalar if message is not None and isinstance(message.scalar, str) else ""
        yield _endpoint("system service", name, _place(facts, entry), owners, ANY_APP, key)
        return
    types = (entry.get("LSItemContentTypes"), entry.get("CFBundleTypeExtensions"))
    names = [text for value in types if value is not None for text in value.strings]
    if names:
        yield _endpoint("document type", ", ".join(names[:4]), _place(facts, entry), owners, ANY_APP, key)


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
        path, host = entry.value.get("SockPathName"), entry.value.get("SockNodeName")
        name = path.scalar if path is not None and isinstance(path.scalar, str) else entry.key
        local = host is not None and host.scalar in ("localhost", "127.0.0.1", "::1")
        reach = (
            "any process that the permissions of its file admit" if path is not None else "any process on this device"
        )
        yield _endpoint(
            "launchd socket", name, place, owners, reach if path or local else "any process, and the network", "Sockets"
        )


def _place(facts: PlistFacts, value: PlistValue) -> Place:
    return Place(facts.path, "", value.span.start, value.span.end)


def _strings(facts: PlistFacts, value: PlistValue | None) -> Iterator[tuple[str, Place]]:
    for item in (value, *value.items) if value is not None else ():
        if isinstance(item.scalar, str):
            yield item.scalar, _place(facts, item)
