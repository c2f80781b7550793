"""What the server tells somebody who looks into it: its log, and a trace of what each analysis took."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import WORKSPACE
from .wire import Process

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"


@pytest.fixture
def wire(server_environment: dict[str, str]) -> Iterator[Process]:
    process = Process(server_environment)
    yield process
    process.kill()


def test_an_index_is_logged_with_what_it_left_out(wire: Process, tmp_path: Path):
    root = Path(shutil.copytree(WORKSPACE, tmp_path / "workspace"))
    (root / "A.swift").write_text(LOUD)
    (root / "Large.swift").write_text(LOUD + "/" * 1_100_000)
    wire.initialize(root)
    told = wire.notification("window/logMessage")
    assert told["type"] == 3
    assert told["message"] == (
        f"{root}: 2 files, 1 findings; not analysed in full:\n"
        "  Large.swift: is larger than 1024 KiB, so it was not analysed"
    )


@pytest.mark.parametrize("early", [True, False])
def test_a_trace_is_written_for_those_who_want_one(wire: Process, tmp_path: Path, early: bool):
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    wire.request("initialize", params | ({"trace": "messages"} if early else {}))
    wire.notify("initialized", {})
    if not early:
        wire.notify("$/setTrace", {"value": "verbose"})
    uri = (tmp_path / "A.swift").as_uri()
    wire.open(uri, LOUD)
    told = wire.notification("$/logTrace")
    assert told["message"].startswith("analysed in ") and "1 files shown anew" in told["message"]
    assert told.get("verbose") == (None if early else "shown anew: A.swift")
    wire.notify("$/setTrace", {"value": "off"})
    wire.change(uri, 2, {"text": ""})
    wire.ask("shutdown")
    seen: list[str] = []
    while (message := wire.receive()).get("result", 0) is not None:
        seen.append(message.get("method", ""))
    assert "$/logTrace" not in seen
