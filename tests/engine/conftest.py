"""A small rulebook of its own for the engine's tests, and workspaces made from dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook, parse_rulebook
from ipclint.engine.builtin import with_builtin
from ipclint.engine.config import Config
from ipclint.engine.session import Session
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, walk
from ipclint.program.program import Program, UnitRef

MODELS = """
[[api]]
name = "demo.shout"
swift = ["shout(_:)"]
objc = ["shout"]
c = ["shout"]
"""

SHOUT = """# Shouting is heard by everyone

```toml rule
aliases  = ["DEMO1"]
message  = "This is heard by everyone"
severity = "medium"

[[match]]
call = "demo.shout"

[[fix]]
title = "Whisper instead"
safe  = true
swift = "whisper({arg0})"
objc  = "whisper({arg0})"
```

Say it *quietly*.
"""

DOOR = """# A door stands open

```toml rule
aliases  = ["DEMO2"]
message  = "The door stands open"
severity = "high"

[[match]]
key = "DemoOpenDoor"
```

Close it.
"""

TRUST = """# A parcel is handed on without a look

```toml rule
aliases  = ["DEMO3"]
message  = "{carrier} takes the parcel without a look at it"
severity = {default = "low", b = "critical"}
profile  = {default = "recommended", b = "strict"}
confidence = "likely"
detector = "test-hands-on"
triggers = ["parcel"]
```

Look at it.
"""


@detector("test-hands-on", on="function")
def _hands_on(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """Functions that name `parcel` and call a function, declared anywhere, that does not name `inspect`."""
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.target is None:
            for found in program.functions_named(node.name):
                carrier = program.function(found)
                if carrier is not None and "inspect" not in carrier.mentions:
                    yield rule.finding(
                        Place(ref.path, ref.key, node.start, node.end),
                        variant="b" if "burn" in carrier.mentions else "",
                        holes={"carrier": carrier.name},
                        steps=(Step(Place(*found, *carrier.name_span), "it is taken here"),),
                    )


@pytest.fixture(scope="session")
def book() -> Rulebook:
    """demo/shouting (calls, with a safe fix), demo/open-door (plists), demo/hands-on (across files)."""
    sources = {"demo/shouting": SHOUT, "demo/open-door": DOOR, "demo/hands-on": TRUST}
    return with_builtin(parse_rulebook(sources, {"demo": MODELS}))


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, making the folders between."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


@pytest.fixture
def workspace(tmp_path: Path, book: Rulebook) -> Callable[..., Session]:
    """Makes a session on a folder with these files, loaded; further arguments are settings."""

    def make(files: dict[str, str | bytes], **settings: Any) -> Session:
        session = Session(write(tmp_path / "work", files), Config(**settings), book)
        session.load()
        return session

    return make


def said(session: Session) -> list[str]:
    """Every report as `path:line:column rule severity/confidence`, 1-based."""
    return [
        f"{path}:{report.location.line + 1}:{report.location.column + 1} {report.rule} {report.severity}/{report.confidence}"
        for path in session.paths()
        for report in session.reports(path)
    ]
