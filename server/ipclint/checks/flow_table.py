"""The `[flow]` table of a rule: which flows it is about.

    [flow]
    from = ["ipc"]                      # kinds of sources; "ipc" also means "ipc.xpc"
    to = ["path"]                       # kinds of sinks
    unless = ["value", "path"]          # assurances that clear it (see rules/models/validators.toml)
    needs = { "ipc.url" = ["url.part"] }  # what must have happened to data of a source for it to count
    only = { "path.list" = ["ipc.xpc"] }  # sinks that count for some of the sources alone
    variants = { "path.read" = "b" }    # the catalogue's letter by kind of sink
    strong = ["path.write"]             # sinks worth reporting by default even when the flow is only likely
    asked = ["ipc.pasteboard"]          # sources that the user hands over (pastes, allows): a step less, and strict
    shape = "command"                   # a closer look, written in Python
    only-privileged = true              # elsewhere than in privileged targets: strict

The severity table of the rule gives the severity by variant; a privileged target raises it by a step, a peer that had
to show its code signature lowers it by one, and so does an embedded service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ipclint.checks import command, file_access
from ipclint.checks.rule import Rule
from ipclint.checks.shape import Shape
from ipclint.program.flow_search import Flow
from ipclint.program.program import Program
from ipclint.program.vocabulary import Vocabulary

Shaped = Callable[[Rule, Program, Flow], Shape]

SHAPES: dict[str, Shaped] = {"command": command.shape, "path": file_access.shape}


class FlowError(ValueError):
    """A mistake in a `[flow]` table; the text says which rule and what is wrong."""


class FlowTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[flow]` table as written; see the module's text."""

    from_: tuple[str, ...] = msgspec.field(name="from")
    to: tuple[str, ...]
    unless: tuple[str, ...] = ("value",)
    needs: dict[str, tuple[str, ...]] = {}
    only: dict[str, tuple[str, ...]] = {}
    variants: dict[str, str] = {}
    strong: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    shape: str = ""
    only_privileged: bool = msgspec.field(name="only-privileged", default=False)


def parse_flow(rule: Rule, vocabulary: Vocabulary) -> FlowTable:
    """The rule's `[flow]` table. Raises FlowError."""
    try:
        table = msgspec.convert(rule.flow, FlowTable)
    except msgspec.ValidationError as error:
        raise FlowError(f"{rule.id}: [flow] {error}") from error
    for kind in table.to:
        if not vocabulary.having("sink", kind):
            raise FlowError(f'{rule.id}: no model has a sink of kind "{kind}"')
    if table.shape and table.shape not in SHAPES:
        raise FlowError(f'{rule.id}: there is no shape "{table.shape}" ({", ".join(SHAPES)})')
    return table


def is_kind(kind: str, kinds: Iterable[str]) -> bool:
    """Whether `kind` is one of `kinds` or below one."""
    return any(kind == each or kind.startswith(f"{each}.") for each in kinds)
