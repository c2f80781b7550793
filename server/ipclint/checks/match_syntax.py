"""The `[match]` of a rule as data: which uses of the vocabulary it means, and under what conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from typing import Literal as OneOf

import msgspec

from ipclint.model.facts import FunctionKind, PlistKind
from ipclint.model.finding import Confidence

_POSITION = re.compile(r"^(?:self|value|arg\d)$")
_QUANTIFIED_GROUP = re.compile(r"\((?:[^()\\]|\\.)*[*+{|](?:[^()\\]|\\.)*\)[*+{]")
_NOT_LINEAR = re.compile(r"\\[1-9]|\(\?(?:[=!P<#]|\()")


class MatchError(ValueError):
    """A `[match]` that says nothing or says it wrongly; `key` is the key at fault."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def _without_underscore(name: str) -> str:
    return name.rstrip("_")


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=_without_underscore):
    """What must hold of a value; every key that is given must hold."""

    is_: str | bool | int | float | None = None  # it can be this constant
    text: str = ""  # a text that it can be holds a match of this pattern; U+FFFC stands for an unknown part
    type: tuple[str, ...] = ()  # its type is one of these, or inherits from one
    from_: tuple[str, ...] = ()  # one of these APIs, or sources of one of these kinds, had a part in making it
    names: tuple[str, ...] = ()  # the expression, or a local in it, names one of these
    absent: bool | None = None  # it is not passed, or nil
    known: bool | None = None  # it is a constant
    not_: Test | None = None  # this must not hold

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.text)


class Inside(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What must hold of the code around."""

    type: tuple[str, ...] = ()  # the enclosing type is one of these, or inherits from one
    function: tuple[str, ...] = ()  # the function's signature or selector is one of these (globs)
    kind: tuple[FunctionKind, ...] = ()
    closure_of: tuple[str, ...] = ()  # the innermost closure is passed to one of these APIs
    loop: bool | None = None
    available: bool | None = None  # an `if #available` decides
    platform: tuple[str, ...] = ()  # a target that compiles the file runs on one of these, or none is known
    deploys: dict[str, str] = {}  # every target that compiles the file needs at least this version; one is known


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions on one use; all hold together."""

    tests: dict[str, Test] = {}  # by position: "self", "value", "arg0"…
    result: OneOf["used", "unused", ""] = ""
    inside: Inside | None = None


class Uses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of APIs (`family.*` for all of a family) by how they are used."""

    call: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    @property
    def apis(self) -> tuple[str, ...]:
        return (*self.call, *self.write, *self.read)

    def mean(self, kind: OneOf["call", "write", "read"], name: str) -> bool:
        """Whether a use of this kind of API `name` is meant."""
        return named(name, {"call": self.call, "write": self.write, "read": self.read}[kind])


class Unless(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What excuses a match: conditions on it, or another use in the same function.

    `on` says what of the match the other use must have as its receiver: "self", "result" (the name that the result is
    put into) or "argN"; "" for any receiver. `when` says on which side of the match it stands.
    """

    conditions: Conditions
    uses: Uses
    on: str = ""
    when: OneOf["before", "after", ""] = ""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of `[[match]]`: a use of an API, or a declaration, or an entry of a property list."""

    uses: Uses = Uses()
    function: tuple[str, ...] = ()  # a function with one of these signatures or selectors (globs) is declared
    adopts: tuple[str, ...] = ()  # a type that names one of these in its inheritance clause is declared
    key: tuple[str, ...] = ()  # a property list holds one of these keys, at any depth
    plist: tuple[PlistKind, ...] = ()  # …one of these kinds
    conditions: Conditions = Conditions()
    unless: tuple[Unless, ...] = ()
    context: dict[
        str, Conditions
    ] = {}  # the first whose conditions hold narrows message, severity, profile, confidence
    report: str = ""  # the position that is reported instead of the whole
    variant: str = ""
    confidence: Confidence | None = None


def named(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is among names, some of which (`family.*`) stand for a family."""
    return any(name == each or (each.endswith(".*") and name.startswith(each[:-1])) for each in patterns)


def parse_match(table: Mapping[str, Any]) -> Match:
    """A `[match]` table as written, read. Raises MatchError."""
    rest = dict(table)
    uses = _uses(rest)
    conditions = _conditions(rest)
    unless = tuple(_unless(dict(each)) for each in rest.pop("unless", ()))
    context = {name: _conditions_only(name, dict(each)) for name, each in dict(rest.pop("context", {})).items()}
    lists = {key: _names(rest.pop(key)) for key in ("function", "adopts", "key", "plist") if key in rest}
    match = _convert(rest | lists, Match, "match")
    match = msgspec.structs.replace(match, uses=uses, conditions=conditions, unless=unless, context=context)
    if not (uses.apis or match.function or match.adopts or match.key):
        raise MatchError("match", "say what is looked for: call, write, read, function, adopts or key")
    return match


def _uses(rest: dict[str, Any]) -> Uses:
    return _convert({key: _names(rest.pop(key)) for key in ("call", "write", "read") if key in rest}, Uses, "match")


def _conditions(rest: dict[str, Any]) -> Conditions:
    positions = [key for key in rest if _POSITION.match(key)]
    tests = {key: _test(key, rest.pop(key)) for key in positions}
    inside = rest.pop("inside", None)
    if inside is not None:
        inside = _convert({k: _names(v) if isinstance(v, str) else v for k, v in inside.items()}, Inside, "inside")
    conditions = _convert({"result": rest.pop("result", "")}, Conditions, "result")
    return msgspec.structs.replace(conditions, tests=tests, inside=inside)


def _conditions_only(name: str, rest: dict[str, Any]) -> Conditions:
    conditions = _conditions(rest)
    if rest:
        raise MatchError(name, f'"{next(iter(rest))}" is no condition')
    return conditions


def _unless(rest: dict[str, Any]) -> Unless:
    uses, conditions = _uses(rest), _conditions(rest)
    on, when = rest.pop("on", ""), rest.pop("when", "")
    if rest:
        raise MatchError("unless", f'"{next(iter(rest))}" is no condition')
    if (on or when) and not uses.apis:
        raise MatchError("unless", '"on" and "when" speak of another use: name its API by call, write or read')
    unless = _convert({"conditions": {}, "uses": {}, "on": on, "when": when}, Unless, "unless")
    return msgspec.structs.replace(unless, conditions=conditions, uses=uses)


def _test(key: str, table: Any) -> Test:
    if not isinstance(table, Mapping):
        table = {"is": table}
    fields: dict[str, Any] = dict(table)  # pyright: ignore[reportUnknownArgumentType]
    for name in ("type", "from", "names"):
        if name in fields:
            fields[name] = _names(fields[name])
    inner = fields.pop("not", None)
    test = _convert(fields, Test, key)
    _check_pattern(key, test.text)
    return msgspec.structs.replace(test, not_=_test(key, inner)) if inner is not None else test


def _check_pattern(key: str, text: str) -> None:
    """Patterns run on text from a hostile workspace: whatever can take more than linear time is refused."""
    if _QUANTIFIED_GROUP.search(text) or _NOT_LINEAR.search(text):
        raise MatchError(key, f"the pattern {text!r} repeats a group that repeats, or looks around or back")
    try:
        re.compile(text)
    except re.error as error:
        raise MatchError(key, f"the pattern {text!r} is wrong: {error}") from error


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _convert(fields: dict[str, Any], kind: type[Any], key: str) -> Any:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise MatchError(key, str(error)) from error
