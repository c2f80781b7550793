"""How XcodeGen puts a spec together: the specs that it includes, in order, and itself on top; templates the same way.

The files of a workspace are asked for by their paths, and nothing else is: what leads out of it, or is not there, is
left out. All that comes from another file stands where the spec includes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ipclint.model.facts import PlistEntry, PlistValue
from ipclint.model.paths import join
from ipclint.model.source import Span
from ipclint.readers import Beside
from ipclint.readers.plist_xml import Parsed
from ipclint.readers.yaml_tree import parse_yaml

Spend = Callable[[int], bool]
"""Takes from what a spec may cost; False when nothing is left."""

MAX_DEPTH = 20
"""Of a value, and of specs that include specs."""
MAX_FILES = 100
REPLACE = ":REPLACE"
"""At the end of a key: its value takes the place of what is below, and is not merged with it."""

EMPTY = PlistValue("dict", Span(0, 0))


def parse_spec(path: str, data: bytes) -> Parsed:
    """A spec in YAML or, by its name, in JSON, in which a tab is no more than a space."""
    return parse_yaml(data.replace(b"\t", b" ") if path.endswith(".json") else data)


def merged(below: PlistValue, above: PlistValue, spend: Spend, depth: int = 0) -> PlistValue:
    """Dictionaries are merged, arrays put one after the other, anything else is replaced."""
    if not spend(len(below.entries) + len(above.entries) + len(below.items)) or depth > MAX_DEPTH:
        return above
    if below.kind == above.kind == "array":
        return PlistValue("array", above.span, items=(*below.items, *above.items))
    if not below.kind == above.kind == "dict":
        return above
    table = {entry.key: entry for entry in below.entries}
    for entry in above.entries:
        key = entry.key.removesuffix(REPLACE)
        before = table.get(key) if key == entry.key else None
        value = merged(before.value, entry.value, spend, depth + 1) if before is not None else entry.value
        table[key] = PlistEntry(key, entry.key_span, value)
    return PlistValue("dict", above.span, entries=tuple(table.values()))


def filled(value: PlistValue, names: Mapping[str, str], spend: Spend, depth: int = 0) -> PlistValue:
    """A value in which the texts and keys hold what stands for `$name` and `${name}`."""
    if not spend(1 + len(value.items) + len(value.entries)) or depth > MAX_DEPTH:
        return value
    if isinstance(value.scalar, str):
        text = _filled_text(value.scalar, names)
        return value if text == value.scalar else PlistValue(value.kind, value.span, text)
    if not value.items and not value.entries:
        return value
    items = tuple(filled(each, names, spend, depth + 1) for each in value.items)
    entries = tuple(
        PlistEntry(_filled_text(each.key, names), each.key_span, filled(each.value, names, spend, depth + 1))
        for each in value.entries
    )
    return PlistValue(value.kind, value.span, value.scalar, items, entries)


def _filled_text(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items() if "$" in text else ():
        text = text.replace(name, value)
    return text


class Included:
    """What a spec includes: `files` are the paths that were asked for, `problem` says what of them cannot be read."""

    def __init__(self, path: str, beside: Beside, spend: Spend) -> None:
        self.problem = ""
        self._path = path
        self._beside = beside
        self._spend = spend
        self._files: dict[str, None] = {path: None}

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(self._files)[1:]

    def under(self, root: PlistValue) -> PlistValue:
        """The spec over all that it includes."""
        return self._over(root, self._path.rpartition("/")[0], "", None, 0)

    def _over(self, spec: PlistValue, folder: str, prefix: str, span: Span | None, depth: int) -> PlistValue:
        """A spec in `folder` whose paths, seen from the first one, begin with `prefix`; `span` is where that one
        includes it."""
        below = EMPTY
        for item, path, relative in _listed(spec.get("include")):
            file = join(folder, path)
            if not file or "$" in file or file in self._files:
                continue
            if depth >= MAX_DEPTH or len(self._files) > MAX_FILES:
                self.problem = f"it includes more than {MAX_FILES} files, or more than {MAX_DEPTH} in one another"
                break
            found = self._read(file)
            inner = f"{prefix}{path.rpartition('/')[0]}/".lstrip("/") if relative and "/" in path else prefix
            if found is not None:
                at = span or item.span
                whole = self._over(found, file.rpartition("/")[0], inner, at, depth + 1)
                below = merged(below, whole, self._spend)
        own = _standing(spec, span, {}) if span is not None else spec
        own = _Mover(prefix, self._spend).spec(own) if prefix else own
        return merged(below, own, self._spend) if below.entries else own

    def _read(self, file: str) -> PlistValue | None:
        self._files[file] = None
        data = self._beside(file)
        if data is None:
            return None
        parsed = parse_spec(file, data)
        if parsed.problem:
            self.problem = f"{file}, which it includes: {parsed.problem}"
        return parsed.root if self._spend(len(data) // 64) else None


def _listed(value: PlistValue | None) -> Iterator[tuple[PlistValue, str, bool]]:
    """What is included: where that is said, the path, and whether paths in it start from its own folder."""
    for item in () if value is None else value.items if value.kind == "array" else (value,):
        path = item.scalar if item.kind != "dict" else _scalar(item, "path")
        if isinstance(path, str) and path and _is_true(_scalar(item, "enable")):
            yield item, path, _is_true(_scalar(item, "relativePaths"))


def _scalar(item: PlistValue, key: str) -> object:
    value = item.get(key) if item.kind == "dict" else None
    return value.scalar if value is not None else None


def _is_true(said: object) -> bool:
    """A switch that is on unless it is off; one that the environment decides (`${CI}`) is on."""
    return said is not False and said not in (0, "NO", "no", "false", "0")


def _standing(value: PlistValue, span: Span, done: dict[int, PlistValue]) -> PlistValue:
    """A value of another file, as if all of it stood at `span`; what aliases share stays shared."""
    known = done.get(id(value))
    if known is None:
        items = tuple(_standing(each, span, done) for each in value.items)
        entries = tuple(PlistEntry(each.key, span, _standing(each.value, span, done)) for each in value.entries)
        known = done[id(value)] = PlistValue(value.kind, span, value.scalar, items, entries)
    return known


# ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Mover:
    """Puts a folder before the paths of a spec: those of sources, of .xcconfig files and of what is generated."""

    def __init__(self, prefix: str, spend: Spend) -> None:
        self._prefix = prefix
        self._spend = spend

    def spec(self, spec: PlistValue) -> PlistValue:
        def targets(value: PlistValue) -> PlistValue:
            return self._each(value, self._target)

        changes = {"configFiles": self._texts, "targets": targets, "targetTemplates": targets}
        return self._changed(spec, changes)

    def _target(self, target: PlistValue) -> PlistValue:
        changes = {"sources": self._sources, "configFiles": self._texts, "info": self._path, "entitlements": self._path}
        return self._changed(target, changes)

    def _path(self, value: PlistValue) -> PlistValue:
        return self._changed(value, {"path": self._text})

    def _sources(self, value: PlistValue) -> PlistValue:
        if value.kind == "array" and self._spend(len(value.items)):
            return PlistValue("array", value.span, items=tuple(map(self._source, value.items)))
        return self._source(value)

    def _source(self, value: PlistValue) -> PlistValue:
        return self._path(value) if value.kind == "dict" else self._text(value)

    def _texts(self, value: PlistValue) -> PlistValue:
        return self._each(value, self._text)

    def _text(self, value: PlistValue) -> PlistValue:
        if isinstance(value.scalar, str) and value.scalar and not value.scalar.startswith(("/", "$", "~")):
            return PlistValue(value.kind, value.span, self._prefix + value.scalar)
        return value

    def _each(self, value: PlistValue, change: Callable[[PlistValue], PlistValue]) -> PlistValue:
        return self._changed(value, dict.fromkeys((entry.key for entry in value.entries), change))

    def _changed(self, value: PlistValue, changes: Mapping[str, Callable[[PlistValue], PlistValue]]) -> PlistValue:
        """A dictionary in which some values are others."""
        if not self._spend(len(value.entries)) or not any(entry.key in changes for entry in value.entries):
            return value
        entries = tuple(
            PlistEntry(each.key, each.key_span, changes[each.key](each.value)) if each.key in changes else each
            for each in value.entries
        )
        return PlistValue(value.kind, value.span, entries=entries)
