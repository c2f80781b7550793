"""Places that programs share: pasteboards, defaults and containers of app groups, files that everyone can write; and
links into other apps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ipclint.model.facts import PlistFacts
from ipclint.model.ir import Call, Expr, Name, Node, Operator, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.endpoints import GROUPS
from ipclint.program.link import code_of, scope
from ipclint.program.mechanisms import Direction, Kind
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.usage import Use, uses_of

_PASTEBOARDS = ("UIPasteboard", "NSPasteboard")
_SUITES = ("UserDefaults", "NSUserDefaults")  # a file that names a suite is read for that word
_GENERAL = frozenset({"general", "generalPasteboard", "general()"})
_OPENS = ("open.url", "open.url-by-environment")
_OPEN_TO_ALL = re.compile(r"/(?:private/)?(?:tmp|var/tmp)/[^/]|/Users/Shared/")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_OWN_SCHEMES = frozenset(
    {
        "http",
        "https",
        "file",
        "mailto",
        "tel",
        "telprompt",
        "sms",
        "facetime",
        "facetime-audio",
        "about",
        "data",
        "blob",
    }
    | {"ftp", "javascript", "app-settings", "app-prefs", "prefs", "macappstore", "maps", "calshow", "shortcuts"}
)
_OWN_BEGINNINGS = ("itms", "x-apple")
"""Schemes that the system itself handles, in small letters."""
MAX_UNITS = 4000
"""How many functions are searched for paths that everyone can write."""


class Found(NamedTuple):
    """A channel where code opens it. `way` is None where it is the usual one of its kind; `reach` is "" likewise."""

    kind: Kind
    name: str
    ref: UnitRef
    node: Node
    api: str
    way: Direction | None = None
    reach: str = ""


Look = Callable[[Program, UnitRef], Iterator[Found]]


@query(bottom=())
def found_in(program: Program, ref: UnitRef, look: Look) -> tuple[Found, ...]:
    """What one look at one function finds, kept by itself: an edit costs no more, and a search may be broken off."""
    return tuple(look(program, ref))


@query(bottom=())
def shared(program: Program) -> tuple[Found, ...]:
    """Every use of such a place that code makes, by file and position."""
    paths = _words_of(program, (name for name in program.vocabulary.apis if name.startswith("file.")))
    links = _words_of(program, _OPENS)
    looks: tuple[tuple[Look, list[UnitRef]], ...] = (
        (_pasteboards, _mentioning(program, _PASTEBOARDS)),
        (_defaults, _mentioning(program, _SUITES)),
        (_files, _mentioning(program, paths)[:MAX_UNITS]),
        (_links, _mentioning(program, links)),
        (_watch, _mentioning(program, ("WCSession",))),
    )
    return tuple(found for look, refs in looks for ref in refs for found in found_in(program, ref, look))


def _words_of(program: Program, apis: Iterable[str]) -> set[str]:
    return {word for name in apis if name in program.vocabulary.apis for word in program.vocabulary.words(name)}


def _mentioning(program: Program, words: Iterable[str]) -> list[UnitRef]:
    return sorted({ref for word in sorted(words) for ref in program.mentioning(word)})


# ── pasteboards ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _pasteboards(program: Program, ref: UnitRef) -> Iterator[Found]:
    for use in uses_of(program, ref, "pasteboard.*"):
        if use.api.name.endswith(("read", "write", "write-restricted")) and use.certain:
            writes = use.kind == "write" or (use.kind == "call" and "write" in use.api.name)
            way: Direction = "out" if writes else "in"
            if use.api.name.endswith("read") == (way == "in"):
                yield Found("pasteboard", _pasteboard_name(program, ref, use.receiver), ref, use.node, _api(use), way)


def _api(use: Use) -> str:
    text = (use.api.swift or use.api.objc or use.api.c or ("",))[0]
    return text.partition(".")[0]


def _pasteboard_name(program: Program, ref: UnitRef, receiver: Expr | None, deep: int = 0) -> str:
    """The name of a pasteboard; "" when unknown."""
    if isinstance(receiver, Name) and deep < 3:
        values = [binding.value for binding in scope(program, ref).get(receiver.text, ()) if binding.value is not None]
        names = {_pasteboard_name(program, ref, value, deep + 1) for value in values}
        return names.pop() if len(names) == 1 else ""
    if isinstance(receiver, Operator) and receiver.operands:
        return _pasteboard_name(program, ref, receiver.operands[0], deep + 1)
    word = getattr(receiver, "name", "")
    if word in _GENERAL:
        return "general"
    if (
        isinstance(receiver, Call)
        and receiver.args
        and word.startswith(("UIPasteboard", "NSPasteboard", "pasteboardWith"))
    ):
        texts = fold(program, ref, receiver.args[0])
        return texts[0] if HOLE not in texts[0] else ""
    return ""


# ── app groups ───────────────────────────────────────────────────────────────────────────────────────────────────────


@query(bottom=frozenset[str]())
def declared_groups(program: Program) -> frozenset[str]:
    """The app groups that entitlements name, as written."""
    roots = (facts.root for facts in program.configurations() if isinstance(facts, PlistFacts))
    lists = (root.get(GROUPS) for root in roots if root is not None)
    return frozenset(name for each in lists if each is not None for name in each.strings)


def _defaults(program: Program, ref: UnitRef) -> Iterator[Found]:
    """Defaults of a suite that is an app group: any other suite is a file of the app alone."""
    for use in uses_of(program, ref, "app-group.defaults"):
        name, groups = _first_text(program, ref, use), declared_groups(program)
        if name.startswith("group.") or name in groups or (name and any(g.endswith(f".{name}") for g in groups)):
            yield Found("shared defaults", name, ref, use.node, "UserDefaults(suiteName:)")


def _first_text(program: Program, ref: UnitRef, use: Use) -> str:
    texts = fold(program, ref, use.args[0]) if use.args else (HOLE,)
    return texts[0] if HOLE not in texts[0] else ""


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _files(program: Program, ref: UnitRef) -> Iterator[Found]:
    """Files in folders that everyone can write, where their whole path is known."""
    for use in uses_of(program, ref, "file.*"):
        for argument in use.args[:2]:
            texts = fold(program, ref, argument)
            path = next((text for text in texts if _OPEN_TO_ALL.match(text) and HOLE not in text), "")
            if path:
                yield Found("shared file", path, ref, use.node, getattr(use.node, "name", "").partition(":")[0])
                break


# ── links into other apps ────────────────────────────────────────────────────────────────────────────────────────────


def _links(program: Program, ref: UnitRef) -> Iterator[Found]:
    """URLs of other apps' schemes that code opens, where the scheme is known."""
    for use in uses_of(program, ref, *_OPENS):
        scheme = _scheme(program, ref, use.args[0]) if use.args else ""
        if scheme and not _is_own(scheme.lower()):
            yield Found("URL scheme client", scheme, ref, use.node, getattr(use.node, "name", "").partition(":")[0])


def _is_own(scheme: str) -> bool:
    return scheme in _OWN_SCHEMES or scheme.startswith(_OWN_BEGINNINGS)


def _scheme(program: Program, ref: UnitRef, url: Expr, deep: int = 0) -> str:
    if isinstance(url, Name) and deep < 3:
        values = [binding.value for binding in scope(program, ref).get(url.text, ()) if binding.value is not None]
        return _scheme(program, ref, values[0], deep + 1) if len(values) == 1 else ""
    if isinstance(url, Operator) and url.op in ("unwrap", "try", "try!", "try?", "??") and url.operands:
        return _scheme(program, ref, url.operands[0], deep + 1)
    inner = url.args[0] if isinstance(url, Call) and url.name in _URLS and url.args else url
    found = _SCHEME.match(fold(program, ref, inner)[0])
    return found[1] if found is not None else ""


_URLS = frozenset({"URL", "NSURL", "URLWithString:", "initWithString:"})


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _watch(program: Program, ref: UnitRef) -> Iterator[Found]:
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and node.name in ("activate", "activateSession"):
            if "WCSession" in {n.text for n in walk(node) if isinstance(n, Name)} or _is_session(program, ref, node):
                yield Found("watch session", "", ref, node, "WCSession")


def _is_session(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether the receiver is a local that holds the session."""
    if not isinstance(call.target, Name):
        return False
    values = (binding.value for binding in scope(program, ref).get(call.target.text, ()) if binding.value is not None)
    return any(isinstance(node, Name) and node.text == "WCSession" for value in values for node in walk(value))
