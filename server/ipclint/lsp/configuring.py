"""ipclint.toml as it is written: which setting stands at a place, what it means, and what may be its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal as OneOf
from typing import NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from ipclint.engine.config import FILE_NAME, Config, PathRules
from ipclint.model.finding import CONFIDENCES, SEVERITIES
from ipclint.model.source import LineIndex, Span

_HEADER = re.compile(rb"[ \t]*\[{1,2}[ \t]*([\w.\"'-]+)[ \t]*\]")
_KEY = re.compile(rb"[ \t]*([A-Za-z][\w-]*)[ \t]*=")
_BEGUN = re.compile(rb"[ \t]*(?P<word>[A-Za-z][\w-]*|)$")
_VALUE = re.compile(rb"[ \t]*(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[\w-]+))[ \t]*=[ \t]*(?P<word>\"?[\w:-]*)$")

RULES_IN = frozenset({"select", "ignore"})
"""Settings whose texts name rules."""


class Setting(NamedTuple):
    """`values` are all that may be written, as TOML; () when they cannot be listed."""

    name: str
    about: str
    default: str
    values: tuple[str, ...]


def is_configuration(path: str) -> bool:
    return path.rpartition("/")[2] == FILE_NAME


@cache
def settings_of(table: str) -> dict[str, Setting]:
    """The settings of a table by name: "" for the top of the file, "per-path"; {} for one that has none of its own."""
    kind = {"": Config, "per-path": PathRules}.get(table)
    if kind is None:
        return {}
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Setting] = {}
    for field in msgspec.structs.fields(kind):
        value, *extras = get_args(hints[field.name])
        about = next((extra.description for extra in extras if isinstance(extra, msgspec.Meta)), None) or ""
        default = msgspec.json.encode(field.default).decode() if field.default is not msgspec.NODEFAULT else ""
        found[field.encode_name] = Setting(field.encode_name, about, default, tuple(_values(field.encode_name, value)))
    return found


def _values(name: str, kind: object) -> Iterator[str]:
    if kind is bool:
        yield from ("true", "false")
    for each in (kind, *get_args(kind)):
        if get_origin(each) is OneOf:
            yield from (f'"{value}"' for value in get_args(each))
    if name == "fail-on":
        yield from (f'"{severity}"' for severity in SEVERITIES)
        yield from (f'"{severity}:{confidence}"' for severity in SEVERITIES for confidence in CONFIDENCES)


def table_at(lines: LineIndex, number: int) -> str:
    """The name of the table that a 0-based line stands in, "" at the top of the file."""
    for above in range(number, -1, -1):
        if header := _HEADER.match(lines.line(above)):
            return header[1].decode().strip("\"'")
    return ""


def setting_at(lines: LineIndex, offset: int) -> tuple[Setting, Span] | None:
    """The setting whose name, or the header of whose table, stands at a byte offset."""
    number = lines.position(offset)[0]
    row, start = lines.line(number), lines.starts[number]
    header = _HEADER.match(row)
    found, table = (header, "") if header else (_KEY.match(row), table_at(lines, number))
    if found is None or not found.start(1) <= offset - start <= found.end(1):
        return None
    setting = settings_of(table).get(found[1].decode())
    return None if setting is None else (setting, Span(start + found.start(1), start + found.end(1)))


def begun_at(lines: LineIndex, offset: int) -> tuple[list[Setting], Span] | None:
    """The settings that may be written at the beginning of a line, and what is written of one; None elsewhere."""
    number = lines.position(offset)[0]
    begun = _BEGUN.match(lines.data[lines.starts[number] : offset])
    if begun is None:
        return None
    word = Span(lines.starts[number] + begun.start("word"), offset)
    return list(settings_of(table_at(lines, number)).values()), word


def value_at(lines: LineIndex, offset: int) -> tuple[tuple[str, ...], Span] | None:
    """What may be the value of the setting on this line, and what is written of it; None where no setting is given one,
    and where its values are rules."""
    number = lines.position(offset)[0]
    begun = _VALUE.match(lines.data[lines.starts[number] : offset])
    if begun is None:
        return None
    table = table_at(lines, number)
    name = (begun["plain"] or begun["quoted"]).decode()
    if name in RULES_IN and table in ("", "per-path"):
        return None
    setting = settings_of(table).get(name)
    values = setting.values if setting is not None else ()
    if table.rpartition(".")[2] == "severity":
        values = tuple(f'"{severity}"' for severity in SEVERITIES)
    return values, Span(lines.starts[number] + begun.start("word"), offset)
