"""The surface map as one HTML page: a diagram and every endpoint below it, without network, for browsers and webviews.

Styles and the script stand in the page and are allowed by their digests; every name is escaped. Without the script the
page still says everything.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from urllib.parse import quote

from ipclint.engine.surface.compare import Difference
from ipclint.engine.surface.layout import lay_out
from ipclint.engine.surface.picture import svg
from ipclint.engine.surface.shape import STATES, Entry, Method, Spot, State, Surface, Target
from ipclint.engine.surface.words import STATE_WORDS, anchor, escape, where

CONTEXT = 2
"""Lines of source shown above and below a place."""
MAX_LINE = 200

Read = Callable[[str], bytes]


def to_html(
    surface: Surface, read: Read, *, link: str = "./{path}#L{line}", difference: Difference | None = None
) -> str:
    """The page. `read` gives the bytes of a file by its path in the workspace (b"" when it is gone).

    `link` is where a click on a place leads, with `{path}`, `{line}` and `{column}`; in a VS Code webview the page
    posts `{type: "open", path, line, column}` instead (1-based). `difference` adds what changed since a revision.
    """
    page = _Page(surface, read, link, difference)
    return "\n".join(page.lines()) + "\n"


class _Page:
    def __init__(self, surface: Surface, read: Read, link: str, difference: Difference | None) -> None:
        self._surface = surface
        self._read = read
        self._link = link
        self._difference = difference
        self._names = {entry.id: entry for entry in surface.endpoints}
        self._targets = {target.id: target for target in surface.targets}
        self._texts: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def lines(self) -> Iterator[str]:
        style, script = _resource("page.css"), _resource("page.js")
        allowed = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
        policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
        title = f"Surface of {escape(self._surface.name)}"
        yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="referrer" content="no-referrer">'
        yield f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>"
        yield f'<a class="skip" href="#endpoints">Skip the diagram</a>\n<h1>{title}</h1>'
        yield from self._summary()
        if self._difference is not None:
            yield from self._changes(self._difference)
        yield from self._diagram()
        yield '<h2 id="endpoints">Endpoints</h2>'
        yield from self._bar()
        for target in self._surface.targets:
            yield from self._section(target)
        yield f"<script>{script}</script>\n</body>\n</html>"

    # ── the head of the page ─────────────────────────────────────────────────────────────────────────────────────────

    def _summary(self) -> Iterator[str]:
        surface = self._surface
        counts = Counter(entry.authentication.state for entry in surface.endpoints)
        used = {target for entry in surface.endpoints for target in entry.targets}
        size = f"{_count(len(surface.endpoints), 'endpoint')} in {_count(len(used), 'target')}"
        yield f'<p class="facts">{size} · ipclint {escape(surface.tool.version)}</p>'
        items = (
            f'<li class="{state}"><b>{counts[state]}</b> {STATE_WORDS[state]}</li>' for state in STATES if counts[state]
        )
        yield f'<ul class="counts">{"".join(items)}</ul>'

    def _diagram(self) -> Iterator[str]:
        yield '<h2 id="map-title">Who can talk to what</h2>'
        yield '<ul class="legend">'
        drawn = {each.state for each in self._surface.channels}
        for state in STATES:
            if state not in drawn:
                continue
            yield (
                f'<li><svg width="44" height="8" aria-hidden="true"><path class="arrow {state}" d="M0 4 H44"/></svg>'
                f"{STATE_WORDS[state]}</li>"
            )
        signs = " + was added and ~ changed." if self._difference is not None else ""
        yield "<li>An arrow goes from who begins to who is reached; a box with a red frame is privileged."
        yield f"{signs}</li></ul>"
        if not self._surface.channels:
            yield '<p class="dim">Nothing to draw: no endpoint was found.</p>'
            return
        yield '<div class="map" tabindex="0" role="region" aria-labelledby="map-title">'
        yield from svg(self._surface, lay_out(self._surface), self._signs())
        yield "</div>"

    def _bar(self) -> Iterator[str]:
        present = {entry.authentication.state for entry in self._surface.endpoints}
        hint = "a name, a method, a file"
        yield f'<div class="bar script"><label>Find <input id="search" type="search" placeholder="{hint}"></label>'
        for state in STATES:
            if state in present:
                box = f'<input type="checkbox" data-state="{state}" checked>'
                yield f'<label class="{state}">{box} {STATE_WORDS[state]}</label>'
        yield '<span id="shown" class="dim" role="status"></span></div>'

    # ── targets and endpoints ────────────────────────────────────────────────────────────────────────────────────────

    def _section(self, target: Target) -> Iterator[str]:
        members = [entry for entry in self._surface.endpoints if target.id in entry.targets]
        if not members:
            return
        yield f'<section class="target" id="{anchor(target.id)}"><h2>{escape(target.name)}</h2>'
        yield f'<p class="facts">{" · ".join(_target_facts(target))}</p>'
        yield from self._articles(members)
        yield "</section>"

    def _articles(self, members: Iterable[Entry]) -> Iterator[str]:
        """Each endpoint in full once; under a second target a pointer to it."""
        order = sorted(members, key=lambda e: (STATES.index(e.authentication.state), e.kind, e.name, e.id))
        for entry in order:
            if entry.id in self._seen:
                yield f"<p>{_badge(entry.authentication.state)} {self._pointer(entry.id)} (above)</p>"
            else:
                self._seen.add(entry.id)
                yield from self._article(entry)

    def _article(self, entry: Entry) -> Iterator[str]:
        state = entry.authentication.state
        yield f'<article id="{anchor(entry.id)}" data-state="{state}" class="{state}-edge">'
        title = f'<span class="kind">{escape(entry.kind)}</span><h3>{_named(entry)}</h3>'
        yield f"<header>{title}{_badge(state)}{self._mark(entry.id)}</header><dl>"
        if entry.reach.says:
            yield f"<dt>reachable by</dt><dd>{escape(entry.reach.says)}</dd>"
        if entry.authentication.says:
            yield f"<dt>{_asks(entry)}</dt><dd>{escape(entry.authentication.says)}{self._deciders(entry)}</dd>"
        for demand in entry.authentication.requirements:
            text = f"<code>{escape(demand.text)}</code><br>" if demand.text else ""
            verdict = f"{escape(demand.verdict)} can satisfy it"
            yield f"<dt>requirement</dt><dd>{text}{verdict} · {self._source(demand.spot)}</dd>"
        level = f"{escape(entry.rating.level)}: " if entry.rating.level else ""
        yield f"<dt>mechanism</dt><dd>{level}{escape(entry.rating.note)}</dd>"
        if entry.protocols:
            yield f"<dt>protocol</dt><dd><code>{escape(', '.join(entry.protocols))}</code></dd>"
        if entry.peers:
            peers = "".join(f"<li>{self._pointer(peer)}</li>" for peer in entry.peers if peer in self._names)
            yield f'<dt>other side</dt><dd><ul class="plain">{peers}</ul></dd>'
        if entry.methods:
            methods = "".join(self._method(method) for method in entry.methods)
            title = "messages" if entry.protocols else "handled by"
            yield f'<dt>{title}</dt><dd><ul class="plain methods">{methods}</ul></dd>'
        yield f"<dt>source</dt><dd>{', '.join(map(self._source, (entry.spot, *entry.also)))}</dd></dl>"
        yield f"{self._excerpt(entry.spot)}</article>"

    def _deciders(self, entry: Entry) -> str:
        spots = entry.authentication.spots
        return f" · decided in {', '.join(map(self._source, spots))}" if spots else ""

    def _method(self, method: Method) -> str:
        types = ", ".join(escape(": ".join(filter(None, (a.name, a.type or "?")))) for a in method.arguments)
        place = self._source(method.body or method.spot)
        sinks = "".join(
            f"<li>reaches {escape(sink.what)}: <code>{escape(sink.code)}</code> · {self._source(sink.spot)}</li>"
            for sink in method.reaches
        )
        reached = f'<ul class="sinks">{sinks}</ul>' if sinks else ""
        return f'<li><code>{escape(method.signature)}</code> <span class="dim">{types}</span> · {place}{reached}</li>'

    def _pointer(self, id: str) -> str:
        entry = self._names[id]
        owners = ", ".join(escape(self._targets[target].name) for target in entry.targets)
        owner = f' <span class="dim">in {owners}</span>' if owners else ""
        return f'<a href="#{anchor(id)}">{escape(entry.kind)} {_named(entry)}</a>{owner}'

    # ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _source(self, spot: Spot) -> str:
        href = self._link.format(path=quote(spot.path, safe="/"), line=spot.start.line, column=spot.start.column)
        data = f'data-path="{escape(spot.path)}" data-line="{spot.start.line}" data-column="{spot.start.column}"'
        return f'<a class="mono" href="{escape(href)}" {data}>{escape(where(spot))}</a>'

    def _excerpt(self, spot: Spot) -> str:
        lines = self._lines(spot.path)
        at = spot.start.line - 1
        if at >= len(lines):
            return ""
        shown = range(max(0, at - CONTEXT), min(len(lines), at + CONTEXT + 1))
        rows = (self._row(number, lines[number], number == at) for number in shown)
        return f"<details><summary>Show the source</summary><pre>{''.join(rows)}</pre></details>"

    def _row(self, number: int, text: str, marked: bool) -> str:
        text = f"{text[:MAX_LINE]}…" if len(text) > MAX_LINE else text
        row = f'<span class="nr">{number + 1:5} </span>{escape(text)}'
        return f'<span class="at">{row}</span>\n' if marked else f"{row}\n"

    def _lines(self, path: str) -> list[str]:
        if path not in self._texts:
            data = self._read(path)
            binary = b"\0" in data[:1024]
            self._texts[path] = [] if binary else data.decode("utf-8", "replace").split("\n")
        return self._texts[path]

    # ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _signs(self) -> dict[str, str]:
        """A sign for what was added or changed, by id."""
        found = self._difference
        if found is None:
            return {}
        return {each.after.id: "~" for each in found.changed} | {each.id: "+" for each in found.added}

    def _mark(self, id: str) -> str:
        word = {"+": "added", "~": "changed"}.get(self._signs().get(id, ""), "")
        return f'<span class="mark">{word}</span>' if word else ""

    def _changes(self, found: Difference) -> Iterator[str]:
        yield f"<h2>Against {escape(found.revision)}</h2>"
        if not (found.added or found.removed or found.changed):
            yield "<p>The surface is the same.</p>"
        for title, entries in (("Added", found.added), ("Removed", found.removed)):
            if entries:
                yield f'<h3>{title}</h3><ul class="plain">'
                yield from (self._moved(entry, title == "Added") for entry in entries)
                yield "</ul>"
        if found.changed:
            yield '<h3>Changed</h3><ul class="plain">'
            for change in found.changed:
                parts = "".join(f"<li>{escape(part.said)}</li>" for part in change.parts)
                yield f"<li>{self._pointer(change.after.id)}<ul>{parts}</ul></li>"
            yield "</ul>"

    def _moved(self, entry: Entry, here: bool) -> str:
        """An endpoint that came or went; one that went has no article to point at."""
        named = self._pointer(entry.id) if here else f"{escape(entry.kind)} {_named(entry)}"
        place = f'<span class="dim">{escape(where(entry.spot))}</span>'
        return f"<li>{_badge(entry.authentication.state)} {named} {place}</li>"


def _target_facts(target: Target) -> Iterator[str]:
    if target.kind:
        yield escape(target.kind.replace("-", " "))
    if target.bundle_id:
        yield f"<code>{escape(target.bundle_id)}</code>"
    if target.platforms:
        yield escape(", ".join(target.platforms))
    if target.privileged:
        yield '<strong class="open">privileged</strong>'
    if target.sandboxed is not None:
        yield "sandboxed" if target.sandboxed else "no sandbox"
    if target.kind == "folder":
        yield "no target is known of what is in it"
    elif target.guessed:
        yield "guessed from folders: no project names it"


def _asks(entry: Entry) -> str:
    return "the other side is authenticated by" if entry.direction == "out" else "authenticated by"


def _named(entry: Entry) -> str:
    return escape(entry.name or "(name unknown)")


def _badge(state: State) -> str:
    return f'<span class="badge {state}">{STATE_WORDS[state]}</span>'


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _resource(name: str) -> str:
    return resources.files("ipclint.engine.surface").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    """What a content security policy calls this text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
