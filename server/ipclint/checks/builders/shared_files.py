"""The fix for files that are not protected (GRP104): the class that still lets extensions read in the background."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program

_WEAK = re.compile(
    r"(?:noFileProtection|NSDataWritingFileProtectionNone|NS(?:URL)?FileProtectionNone|"
    r"SQLITE_OPEN_FILEPROTECTION_NONE|none)$"
)
_CLASS = {
    "noFileProtection": "completeFileProtectionUntilFirstUserAuthentication",
    "none": "completeUntilFirstUserAuthentication",
    "NSDataWritingFileProtectionNone": "NSDataWritingFileProtectionCompleteUntilFirstUserAuthentication",
    "NSFileProtectionNone": "NSFileProtectionCompleteUntilFirstUserAuthentication",
    "NSURLFileProtectionNone": "NSURLFileProtectionCompleteUntilFirstUserAuthentication",
    "SQLITE_OPEN_FILEPROTECTION_NONE": "SQLITE_OPEN_FILEPROTECTION_COMPLETEUNTILFIRSTUSERAUTHENTICATION",
}


@builder("protect-file")
def protect_file(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Name the class instead of none. Unsafe: somebody may read the file before the first unlock."""
    option = finding.holes.get("option")
    if not isinstance(option, Place):
        return
    text = sources.text(option)
    weak = _WEAK.search(text)
    if weak is not None:
        edit = sources.replace(option, text[: weak.start()] + _CLASS[weak[0]])
        yield Fix("Protect until the first unlock", False, (edit,), rule=rule.id)
