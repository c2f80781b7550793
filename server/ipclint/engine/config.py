"""ipclint.toml: what the user may set, with its defaults, from one place."""

from __future__ import annotations

import msgspec

from ipclint.model.finding import Profile, Severity


class PathRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A `[[per-path]]` section: what differs in the files that `paths` (gitignore patterns) match."""

    paths: tuple[str, ...]
    profile: Profile | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: dict[str, Severity] = {}


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The settings of one run. A *selector* is a rule id, an alias, a variant (`….c`), a prefix (`xpc`), a glob
    (`xpc/listener-*`) or `profile:NAME`."""

    profile: Profile = "recommended"
    select: tuple[str, ...] = ()  # only what one of these selectors names; an exact id is on in every profile
    ignore: tuple[str, ...] = ()
    severity: dict[str, Severity] = {}  # selector → severity
    per_path: tuple[PathRules, ...] = ()
