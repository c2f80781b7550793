"""What a closer look at a flow tells: which of the catalogue's variants it is."""

from __future__ import annotations

from typing import NamedTuple

from ipclint.model.finding import Place


class Shape(NamedTuple):
    """`variant` is the catalogue's letter, `tool` the name of the program that is started ("" when unknown), `argument`
    the tainted element of a literal argument list before which "--" would help."""

    variant: str
    tool: str = ""
    argument: Place | None = None
