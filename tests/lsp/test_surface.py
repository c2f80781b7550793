"""The request ipclint/surface, over the wire."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import COURIER
from .wire import Process

INVALID_PARAMS = -32602


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(COURIER, tmp_path_factory.mktemp("map") / "courier"))


@pytest.fixture(scope="module")
def wire(server_environment: dict[str, str], root: Path) -> Iterator[Process]:
    """A server that was asked right at the start, before it can have read anything."""
    wire = Process(server_environment)
    wire.initialize(root)
    yield wire
    assert wire.leave() == 0
    wire.kill()


def endpoints(found: Any) -> dict[str, Any]:
    return {f"{each['kind']} {each['name']}": each for each in found["endpoints"]}


def test_the_map_is_whole_from_the_first_answer_on(wire: Process):
    found = wire.request("ipclint/surface")
    assert found["version"] == 1
    listener = endpoints(found)["XPC listener com.example.courier"]
    assert listener["authentication"]["state"] == "open"
    assert len(listener["methods"]) == 3
    assert endpoints(found)["XPC client com.example.courier"]["peers"] == [listener["id"]]


def test_it_knows_unsaved_documents(wire: Process, root: Path):
    uri = (root / "Helper" / "HelperDelegate.swift").as_uri()
    text = (root / "Helper" / "HelperDelegate.swift").read_text()
    wire.open(uri, text.replace("connection.resume()", 'connection.setCodeSigningRequirement("anchor apple")'))
    found = wire.request("ipclint/surface", {"uri": root.as_uri()})
    assert endpoints(found)["XPC listener com.example.courier"]["authentication"]["state"] == "weak"
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    found = wire.request("ipclint/surface", {"uri": uri})
    assert endpoints(found)["XPC listener com.example.courier"]["authentication"]["state"] == "open"


def test_it_comes_as_a_diagram_and_as_a_page(wire: Process, root: Path):
    assert wire.request("ipclint/surface", {"format": "mermaid"}).startswith("flowchart")
    page = wire.request("ipclint/surface", {"format": "html"})
    assert page.startswith("<!DOCTYPE html>")
    assert f'href="{root.as_uri()}/Helper/main.swift#L4"' in page


def test_what_is_no_folder_has_no_map_and_what_is_no_format_is_an_error(wire: Process):
    for uri in ("file:///nowhere/at/all", "untitled:1", "", 3, ["x"], {"a": 1}):
        assert wire.request("ipclint/surface", {"uri": uri}) is None
    for written in ("pdf", 3, ["json"]):
        assert wire.refusal("ipclint/surface", {"format": written}) == INVALID_PARAMS
    assert wire.request("ipclint/surface", [1, 2])["version"] == 1
