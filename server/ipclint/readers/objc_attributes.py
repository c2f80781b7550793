"""What the mask takes away around declarations: attribute macros, `__attribute__((…))`, and the versions they name."""

from __future__ import annotations

import re

_ARGUMENTS = r"(?:[ \t]*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?"
_ATTRIBUTE = re.compile(rf"\b(?:__attribute__|[A-Z][A-Z0-9]*_[A-Z0-9_]+){_ARGUMENTS}")
_AVAILABLE = re.compile(r"(?:\w*AVAILABLE|availability)\b")
_VERSION = re.compile(
    r"\b(macosx?|ios|tvos|watchos|visionos|maccatalyst)\s*[(,]\s*(?:introduced\s*=\s*)?(\d[\d._]*)", re.I
)
_OLD_VERSION = re.compile(r"NS_AVAILABLE_(MAC|IOS)\s*\(\s*(\d[\d._]*)")
_PLATFORMS = {
    "macos": "macOS",
    "macosx": "macOS",
    "mac": "macOS",
    "ios": "iOS",
    "tvos": "tvOS",
    "watchos": "watchOS",
    "visionos": "visionOS",
    "maccatalyst": "macCatalyst",
}
MAX_GAP = 500
"""Bytes before or after a declaration that are looked through for attributes."""


def attributes_in(text: str) -> tuple[str, ...]:
    """The attributes in the text around a declaration, each on one line, as written: `NS_SWIFT_NAME(go())`."""
    if len(text) < 4 or len(text) > MAX_GAP or not text.strip():
        return ()
    return tuple(" ".join(found[0].split()) for found in _ATTRIBUTE.finditer(text))


def attributes_before(source: str, start: int) -> tuple[str, ...]:
    """The attributes on the lines right before a declaration that begins at `start`."""
    gap = source[max(0, start - MAX_GAP) : start]
    for end in (";", "}", "{", "*/", ">", "@end"):
        gap = gap.rpartition(end)[2]
    lines = gap.split("\n")
    first = max((at for at, line in enumerate(lines) if line.lstrip().startswith(("#", "//"))), default=-1)
    return attributes_in("\n".join(lines[first + 1 :]))


def availability_of(attributes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The versions since when it can be used: (("macOS", "10.15"),) of `API_AVAILABLE(macos(10.15))`."""
    found: list[tuple[str, str]] = []
    for attribute in attributes:
        if _AVAILABLE.search(attribute) and "UNAVAILABLE" not in attribute:
            named = (*_VERSION.findall(attribute), *_OLD_VERSION.findall(attribute))
            found += [(_PLATFORMS[platform.lower()], version.replace("_", ".")) for platform, version in named]
    return tuple(found)
