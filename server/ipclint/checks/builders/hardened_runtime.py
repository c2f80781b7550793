"""The fix for a missing hardened runtime (ENT107): the setting in the block of the configuration that ships."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors.hardened_runtime import SETTING
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.program.program import Program

_VALUE = re.compile(rf"{SETTING}\s*=\s*(?P<value>[^;]+)")


@builder("enable-hardened-runtime")
def enable_hardened_runtime(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Unsafe: plug-ins, generated code and old libraries may need exceptions."""
    block = finding.holes.get("block")
    if not isinstance(block, Place):
        return
    text = sources.text(block)
    if (written := _VALUE.match(text)) is not None:
        start = block.start + len(text[: written.start("value")].encode())
        edit = Edit(block.path, start, start + len(written["value"].encode()), "YES")
    elif text.startswith("{"):
        indent = re.match(r"\{(\s*)", text)
        gap = indent[1] if indent is not None else ""
        edit = Edit(block.path, block.start + 1, block.start + 1, f"{gap}{SETTING} = YES;{'' if gap else ' '}")
    else:
        return
    yield Fix("Enable the hardened runtime", False, (edit,), rule=rule.id)
