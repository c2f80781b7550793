"""An .xcconfig file → ProjectFacts: its settings (with their conditions) and the files it includes."""

from __future__ import annotations

import re

from ipclint.model.facts import ProjectFacts
from ipclint.model.paths import join
from ipclint.model.source import Span
from ipclint.readers.comments import line_comments, suppressions

_INCLUDE = re.compile(r'#include\??\s*"([^"]*)"')
_SETTING = re.compile(r"([A-Za-z_]\w*)((?:\[[^\]=]+=[^\]]*\])*)\s*=(.*)")


def read_xcconfig(path: str, data: bytes) -> ProjectFacts:
    """The facts of the .xcconfig file at workspace-relative `path`. Never raises; `problem` names the first line that
    is neither a setting nor an #include. The last of equal keys counts, as in Xcode."""
    settings: dict[str, str] = {}
    spans: dict[str, Span] = {}
    includes: list[str] = []
    problem = ""
    folder = path.rpartition("/")[0]
    at = 0
    for number, raw in enumerate(data.split(b"\n"), 1):
        start, at = at, at + len(raw) + 1
        line = raw.decode("utf-8", "replace").lstrip("\ufeff").partition("//")[0].strip()
        if not line:
            continue
        if include := _INCLUDE.match(line):
            if target := join(folder, include[1]):
                includes.append(target)
        elif setting := _SETTING.fullmatch(line):
            key = setting[1] + setting[2].replace(" ", "")
            settings[key] = setting[3].strip().rstrip(";").rstrip()
            spans[key] = Span(start, start + len(raw.rstrip()))
        elif not problem:
            problem = f'line {number}: “{line[:40]}” is neither `KEY = value` nor `#include "file"`'
    ignored = suppressions(data, line_comments(data, b"//"))
    return ProjectFacts(path, (), settings, tuple(includes), ignored, problem, spans=spans, root=folder)
