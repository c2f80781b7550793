"""Dictionaries with secrets that are written, as property lists, into the container of an app group.

Not a detector itself: GRP103 has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors.container_paths import from_container
from ipclint.checks.detectors.keyed_parts import keyed_secret
from ipclint.checks.detectors.stored_secrets import SEVERITY
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding
from ipclint.program.link import type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type
from ipclint.program.usage import uses_of

WRITERS = frozenset({"write", "writeToURL", "writeToFile"})
DICTIONARIES = ("NSDictionary", "NSMutableDictionary", "Dictionary")


def written_secrets(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """The calls that write such a dictionary: `dictionary.write(to: url)`, `writeToURL:atomically:`."""
    for use in uses_of(program, ref, "file.write"):
        if use.receiver is None or not use.args:
            continue
        if base_type(type_of(program, ref, use.receiver)) not in DICTIONARIES:
            continue
        secret = keyed_secret(program, ref, use.receiver)
        if secret is not None and from_container(program, ref, use.args[0]):
            holes = {"secret": secret.name}
            place = around.place_of(ref, use.node)
            yield rule.finding(place, "likely", severity=SEVERITY[secret.rank], context="file", holes=holes)
