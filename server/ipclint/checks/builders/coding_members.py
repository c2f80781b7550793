"""The coder's methods that a class lacks, written from its properties and from the half of the coder that is there."""

from __future__ import annotations

from typing import NamedTuple

from ipclint.checks.builders.coding_objc import objc_members
from ipclint.checks.builders.coding_properties import Half, Member, coding_superclasses, half_of, traps
from ipclint.checks.builders.coding_swift import swift_members
from ipclint.checks.detectors.coding_class import Coded
from ipclint.checks.fix import Sources
from ipclint.program.program import Program

__all__ = ["Member", "missing_members"]


class Missing(NamedTuple):
    decoder: bool
    encoder: bool


def missing_members(program: Program, found: Coded, sources: Sources) -> tuple[Member, ...] | None:
    """The methods to add to a class, () when its coder is whole; None when they cannot be written."""
    encoder = program.function(found.encoder) if found.encoder is not None else None
    if found.is_swift and encoder is not None and encoder.name != "encode":
        return None  # an informal `encodeWithCoder(_:)`: the protocol's method would have its selector
    missing = _missing(program, found)
    if not missing.decoder and not missing.encoder:
        return ()
    known: Half | None = None
    if not missing.encoder or not missing.decoder:
        known = half_of(program, found, sources)
        if known is None:
            return None
    write = swift_members if found.is_swift else objc_members
    return write(program, found, sources, missing.decoder, missing.encoder, known)


def _missing(program: Program, found: Coded) -> Missing:
    """Which methods a class lacks. One that adopts NSCoding and shows neither has them where nobody looked."""
    no_decoder = found.decoder is None or traps(program, found.decoder)
    no_encoder = found.encoder is None
    if no_decoder and no_encoder and (found.adopts or (found.level != "none" and coding_superclasses(program, found))):
        return Missing(False, False)
    return Missing(no_decoder, no_encoder)
