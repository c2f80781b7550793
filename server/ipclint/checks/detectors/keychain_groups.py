"""Which access groups of the keychain a program is a member of, by its entitlements."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipclint.checks.detectors.app_group import GROUPS_KEY, UNRESOLVED, is_in
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Expr
from ipclint.program.configuration import targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import Signing, TargetInfo

KEYCHAIN_KEY = "keychain-access-groups"
_OWN_NAMES = ("$(AppIdentifierPrefix)", "$(TeamIdentifierPrefix)")
_PREFIXED = re.compile(r"^[A-Z0-9]{10}\.")


class Lack(NamedTuple):
    """A program that is no member of a group: the texts for the message, and where its groups stand."""

    holes: dict[str, str | Place]
    steps: tuple[Step, ...]


def lack_of_group(program: Program, ref: UnitRef, value: Expr) -> Lack | None:
    """The first program with this file that ships without the access group that `value` names; None when the name is
    not known, or not every entitlement is."""
    groups = fold(program, ref, value)
    if any(HOLE in group or "$(" in group or not group for group in groups):
        return None
    place = Place(ref.path, ref.key, value.start, value.end)
    for target in targets_of(program, ref.path):
        if target.is_test or not target.is_program or target.guessed or not target.signing:
            continue
        if not is_in(program, place, target):
            continue
        signing = target.signing[0]
        listed = _groups_of(target, signing)
        if listed and not any(_matches(entry, group) for entry in listed for group in groups):
            return _lack(target, signing, groups[0])
    return None


def _groups_of(target: TargetInfo, signing: Signing) -> tuple[str, ...]:
    """The groups of a target's program, its own one included; () when they are not known."""
    if signing.facts is None or signing.facts.root is None or not target.bundle_id:
        return ()
    settings = target.settings[0]
    lists = (signing.facts.root.get(key) for key in (KEYCHAIN_KEY, GROUPS_KEY))
    listed = [text for each in lists if each is not None for text in each.strings]
    own = [f"{prefix}{target.bundle_id}" for prefix in _OWN_NAMES]
    return tuple(settings.expand(text) for text in (*listed, *own))


def _matches(entry: str, group: str) -> bool:
    """Whether an entry stands for a group, where a variable that is not known may stand for anything."""
    if entry == group or (entry.endswith("*") and group.startswith(entry[:-1])):
        return True
    pattern = ".*".join(re.escape(part) for part in UNRESOLVED.split(entry.removesuffix("*"))[:20])
    return re.match(pattern if entry.endswith("*") else f"(?:{pattern})$", group) is not None


def _lack(target: TargetInfo, signing: Signing, group: str) -> Lack:
    holes: dict[str, str | Place] = {"target": target.name, "group": group, "file": signing.path}
    root = signing.facts.root if signing.facts is not None else None
    listed = (root.get(KEYCHAIN_KEY) or root) if root is not None else None
    place = Place(signing.path, "", listed.span.start, listed.span.end) if listed is not None else None
    return Lack(holes, (Step(place, f"these are the access groups of {target.name}"),) if place is not None else ())
