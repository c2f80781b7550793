"""ipclint.toml: what the user may set, with its defaults and its documentation, from one place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, NamedTuple, get_type_hints

import msgspec

from ipclint.model.finding import CONFIDENCES, SEVERITIES, Confidence, Profile, Severity

FILE_NAME = "ipclint.toml"

Meta = msgspec.Meta
Selectors = tuple[str, ...]


class PathRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A `[[per-path]]` section: what differs in some files. Where several match a file, the last profile and severity
    count, and what each of them ignores."""

    paths: Annotated[tuple[str, ...], Meta(description="The files, as patterns of .gitignore syntax.")]
    profile: Annotated[Profile | None, Meta(description="The profile in these files.")] = None
    ignore: Annotated[Selectors, Meta(description="Selectors of rules that are off here as well.")] = ()
    severity: Annotated[dict[str, Severity], Meta(description="Selector to severity, here.")] = {}


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The settings of one run.

    A *selector* is a rule id, an alias, a variant (`xpc/code-requirement-not-in-force.c`), a family (`xpc`), a glob
    (`xpc/listener-*`) or `profile:NAME`.
    """

    profile: Annotated[
        Profile, Meta(description="How much is reported: recommended, strict (a security team's gate), pedantic.")
    ] = "recommended"
    select: Annotated[
        Selectors, Meta(description="Report only what these selectors name. A full id is on whatever the profile.")
    ] = ()
    ignore: Annotated[Selectors, Meta(description="Never report what these selectors name.")] = ()
    severity: Annotated[dict[str, Severity], Meta(description="Selector to the severity its findings get.")] = {}
    options: Annotated[
        dict[str, dict[str, tuple[str, ...]]],
        Meta(description="Id or alias of a rule to its settings, which `ipclint explain` names with their defaults."),
    ] = {}
    per_path: Annotated[tuple[PathRules, ...], Meta(description="What differs in some files.")] = ()
    exclude: Annotated[tuple[str, ...], Meta(description="Files and folders to leave out, in .gitignore syntax.")] = ()
    include: Annotated[
        tuple[str, ...], Meta(description="Files and folders to take in although they would be left out by default.")
    ] = ()
    include_tests: Annotated[bool, Meta(description="Check test code too.")] = False
    baseline: Annotated[
        str, Meta(description="A file written by `ipclint baseline`: the findings in it are not reported.")
    ] = ""
    rules: Annotated[
        tuple[str, ...], Meta(description="Folders with rules of your own, below the folder of this file.")
    ] = ()
    fail_on: Annotated[
        str, Meta(description="SEVERITY or SEVERITY:CONFIDENCE from which on findings make `check` exit with 1.")
    ] = "info:hint"
    jobs: Annotated[int, Meta(description="Processes that read files; 0 is one a processor.", ge=0, le=256)] = 0


class ConfigError(ValueError):
    """A mistake in the configuration; the text says where, what, and what to do."""


class Gate(NamedTuple):
    """From which severity and confidence on a finding fails the run."""

    severity: Severity
    confidence: Confidence

    def fails(self, severity: Severity, confidence: Confidence) -> bool:
        return SEVERITIES.index(severity) >= SEVERITIES.index(self.severity) and CONFIDENCES.index(
            confidence
        ) >= CONFIDENCES.index(self.confidence)


def parse_gate(text: str) -> Gate:
    """`high` or `high:likely`. Raises ConfigError."""
    severity, _, confidence = text.partition(":")
    for value, values in ((severity, SEVERITIES), (confidence or "hint", CONFIDENCES)):
        if value not in values:
            raise ConfigError(f'"{value}" is none of {", ".join(values)}{nearest(value, values)}')
    return Gate(severity, confidence or "hint")  # type: ignore[arg-type]


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean "…"?` with the most similar of `words`, "" when none is similar."""
    import difflib  # only a mistake needs it

    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def find_config(folder: Path) -> Path | None:
    """The ipclint.toml of a folder: its own or the nearest above, not beyond the repository that it stands in."""
    for place in (folder, *folder.parents):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
        if (place / ".git").exists():
            return None
    return None


def load_config(file: Path) -> Config:
    """Read a configuration file. Raises ConfigError; rule names are checked later, by `selection.check_selectors`.

    The baseline that it names is given as a path that does not depend on the current folder.
    """
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8 at byte {error.start}") from None
    config = parse_config(text, str(file))
    if not config.baseline:
        return config
    baseline = file.parent.resolve() / config.baseline
    if not baseline.resolve().is_relative_to(file.parent.resolve()):
        raise ConfigError(f"{file}: baseline: {config.baseline} is a link that leads out of the folder of this file")
    return msgspec.structs.replace(config, baseline=str(baseline))


def parse_config(text: str, name: str) -> Config:
    """The configuration that `text` holds; `name` is what errors call it. Raises ConfigError."""
    import tomllib  # most runs find no configuration

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    for path, message in (*_unknown_keys(table), *_escaping_paths(table)):
        raise ConfigError(f"{name}:{line_of(text, path)}: {message}")
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        path = tuple(part for part in re.split(r"[.\[\]`]+", where) if part)
        raise ConfigError(f"{name}:{line_of(text, path)}: {'.'.join(path)}: {message}") from None
    try:
        parse_gate(config.fail_on)
    except ConfigError as error:
        raise ConfigError(f"{name}:{line_of(text, ('fail-on',))}: fail-on: {error}") from None
    return config


def _unknown_keys(table: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    yield from _unknown(table, Config, ())
    sections = table.get("per-path")
    for index, section in enumerate(sections if isinstance(sections, list) else ()):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if isinstance(section, dict):
            yield from _unknown(section, PathRules, ("per-path", str(index)))  # pyright: ignore[reportUnknownArgumentType]


def _unknown(
    table: Mapping[str, object], kind: type[msgspec.Struct], at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    known = kind.__struct_encode_fields__
    for key in table:
        if key not in known:
            yield (*at, key), f'there is no setting "{key}"{nearest(key, known)}'


def _escaping_paths(table: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """A checked-out project must not make the tool read what lies outside of it."""
    for key in ("rules", "include", "exclude", "baseline"):
        values = table.get(key)
        for value in values if isinstance(values, list) else (values,):  # pyright: ignore[reportUnknownVariableType]
            if not isinstance(value, str):
                continue
            absolute = key in ("rules", "baseline") and (value.startswith(("/", "~")) or ":" in value or "\\" in value)
            if absolute or ".." in PurePosixPath(value).parts:
                yield (key,), f'{key}: "{value}" leads out of the folder of this file; name something inside it'


def line_of(text: str, path: tuple[str, ...]) -> int:
    """The 1-based line of the key that `path` leads to (table names, indexes as text); of its table when not found."""
    table: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    best, best_length = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.\"'/:*-]+)\s*\]", line):
            name = header[2].strip("\"'")
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (name, str(counts[name]))
            else:
                table = tuple(name.split("."))
            here = table
        elif key := re.match(r"""\s*["']?([^"'=]+?)["']?\s*=""", line):
            here = (*table, key[1])
        else:
            continue
        if here == path[: len(here)] and len(here) > best_length:
            best, best_length = number, len(here)
    return best


def schema() -> dict[str, object]:
    """The JSON schema of ipclint.toml, with the description and the default of each setting."""
    _, definitions = msgspec.json.schema_components((Config,), ref_template="#/$defs/{name}")
    config = definitions.pop("Config")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FILE_NAME,
        "description": "Settings of ipclint, which finds insecure inter-process communication.",
        **{key: value for key, value in config.items() if key not in ("title", "description")},
        "$defs": definitions,
    }


def settings_table(kind: type[msgspec.Struct]) -> str:
    """The settings of the file, or of a section, as the Markdown table of docs/configuration.md."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        meta = next(extra for extra in hints[field.name].__metadata__ if isinstance(extra, Meta))
        rows.append(f"| `{field.encode_name}` | {_default(field)} | {meta.description} |")
    return "\n".join(rows)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is None:
        return "none"
    value = {} if field.default is msgspec.NODEFAULT else field.default  # tables alone are made anew for each
    return f"`{msgspec.json.encode(value).decode()}`"
