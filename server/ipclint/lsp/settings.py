"""What a user may set in the editor; what concerns the project stands in its ipclint.toml, for `check` as well."""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from ipclint.model.finding import Profile

SECTION = "ipclint"


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The `ipclint` section of the editor's settings, or the client's initialization options."""

    diagnostics_scope: OneOf["workspace", "openFiles"] = "workspace"
    """Which files get diagnostics. The whole workspace is analysed in either case."""

    profile: Profile | None = None
    """Takes the place of the profile in ipclint.toml."""

    cache: bool = True
    """Keep what was read of the workspace in the user's cache folder, so that the next start is faster."""

    code_lens: bool = True
    """Show what stands at a trust boundary above it."""

    inlay_hints: bool = True
    """Mark parameters that another process fills."""

    @property
    def for_analysis(self) -> Settings:
        """What decides about diagnostics: equal ones, and nothing has to be read again."""
        return msgspec.structs.replace(self, code_lens=True, inlay_hints=True)


def parse_settings(value: object) -> tuple[Settings, str]:
    """The settings a client sent, and what is wrong with them ("" when nothing is). Unknown keys are left aside.

    A section may come as it is or under its name, and is null in a client that has none.
    """
    if isinstance(value, dict) and SECTION in value:
        value = value[SECTION]  # pyright: ignore[reportUnknownVariableType]
    if value is None:
        return Settings(), ""
    try:
        return msgspec.convert(value, Settings), ""
    except msgspec.ValidationError as error:
        return Settings(), f"the ipclint settings of the editor are left aside: {error}"
