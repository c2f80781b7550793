"""Fixes of findings: templates filled from the parts of the match, and builders written in Python.

    @builder("adopt-secure-coding")
    def build(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
        yield Fix("Adopt NSSecureCoding", True, (sources.replace(finding.place, "…"),))

Fixes are made only when somebody asks for them: they need the text of the files, which rules never see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ipclint.checks import builders, edits
from ipclint.checks.rule import HOLE, FixLanguage, FixTemplate, Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.source import Span
from ipclint.program.program import Program, UnitRef

_LANGUAGES: dict[str, FixLanguage] = {"swift": "swift", "m": "objc", "mm": "objc", "h": "objc", "c": "c"}


class UnknownBuilder(ValueError):
    """A rule names a builder that no module registers."""


class Sources:
    """The files as they stand: bytes by path, and where units begin.

    `source` gives the bytes of a file, `extents` the absolute bytes of a unit.
    """

    def __init__(self, source: Callable[[str], bytes], extents: Callable[[UnitRef], Span]) -> None:
        self.data = source
        self._extents = extents

    def span(self, place: Place) -> Span:
        """The absolute bytes of a place."""
        base = self._extents(UnitRef(place.path, place.unit)).start if place.unit else 0
        return Span(base + place.start, base + place.end)

    def extent(self, ref: UnitRef) -> Span:
        """The absolute bytes of a unit."""
        return self._extents(ref)

    def text(self, place: Place) -> str:
        """The source text of a place."""
        span = self.span(place)
        return self.data(place.path)[span.start : span.end].decode("utf-8", "replace")

    def replace(self, place: Place, text: str) -> Edit:
        """Put `text` in the place of `place`, in the file's indentation and line ends."""
        return edits.replace(place.path, self.data(place.path), self.span(place), text)

    def insert_before(self, place: Place, text: str) -> Edit:
        """Put `text` before the statement that `place` is."""
        return edits.insert_before(place.path, self.data(place.path), self.span(place).start, text)

    def insert_after(self, place: Place, text: str) -> Edit:
        """Put `text` after the statement that `place` is."""
        return edits.insert_after(place.path, self.data(place.path), max(self.span(place)) - 1, text)

    def remove(self, place: Place) -> Edit:
        """Take out the statement that `place` is, with its line when it stands alone."""
        return edits.remove_statement(place.path, self.data(place.path), self.span(place))

    def imports(self, path: str, name: str) -> tuple[Edit, ...]:
        """What is needed so that the file imports module or header `name`: an edit, or nothing."""
        edit = edits.add_import(path, self.data(path), name)
        return (edit,) if edit else ()


Build = Callable[[Rule, Program, Finding, Sources], Iterator[Fix]]

_registry: dict[str, Build] = {}


def builder(name: str) -> Callable[[Build], Build]:
    """Registers a function as the builder `name`."""

    def register(function: Build) -> Build:
        _registry[name] = function
        return function

    return register


def find(name: str) -> Build:
    """The builder registered under `name`. Raises UnknownBuilder."""
    _load()
    if name not in _registry:
        raise UnknownBuilder(f'no fix builder is called "{name}"; there are {", ".join(sorted(_registry)) or "none"}')
    return _registry[name]


@cache
def _load() -> None:
    """Import every module of the builders, each of which registers what it has."""
    for module in iter_modules(builders.__path__):
        import_module(f"{builders.__name__}.{module.name}")


def fixes(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The fixes a rule offers for one of its findings, in the order the rule lists them."""
    if finding.place.unit.startswith("M "):
        return  # a macro's text is shared by code that looks different
    for template in rule.fixes:
        if template.builder:
            yield from find(template.builder)(rule, program, finding, sources)
        else:
            yield from _from_template(rule, template, finding, sources)


def _from_template(rule: Rule, template: FixTemplate, finding: Finding, sources: Sources) -> Iterator[Fix]:
    language = _LANGUAGES.get(finding.place.path.rpartition(".")[2], "c")
    text = template.templates.get(language)
    place = finding.holes.get(template.where) if template.where else finding.place
    if text is None or not isinstance(place, Place) or any(hole not in finding.holes for hole in HOLE.findall(text)):
        return
    filled = HOLE.sub(lambda hole: _text(finding.holes[hole[1]], sources), text)
    name = template.imports.get(language)
    needed = sources.imports(place.path, name) if name else ()
    yield Fix(template.title, template.safe, (_edit(template, place, filled, sources), *needed), rule=rule.id)


def _edit(template: FixTemplate, place: Place, text: str, sources: Sources) -> Edit:
    if template.how == "before":
        return sources.insert_before(place, text)
    if template.how == "after":
        return sources.insert_after(place, text)
    if template.how == "remove":
        return sources.remove(place)
    return sources.replace(place, text)


def _text(hole: str | Place, sources: Sources) -> str:
    return hole if isinstance(hole, str) else sources.text(hole)
