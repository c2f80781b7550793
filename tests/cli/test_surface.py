"""`ipclint surface` on the sample app, and on hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.engine.conftest import write

TOUR = Path(__file__).parents[2] / "docs" / "tour"

HELPER = """\
com.example.courier.helper (privileged)
  XPC listener com.example.courier.helper  Helper/main.swift:3:15
      reachable by: any process that may look the name up
      peer authenticated by: nothing
      mechanism rated: high
      other side: App/HelperClient.swift:5:25
      protocol: HelperProtocol
        deliver(_:withReply:) ← Parcel, @escaping (Bool) -> Void
        unpack(archive:into:withReply:) ← String, String, @escaping (Bool) -> Void
        version(withReply:) ← @escaping (String) -> Void
"""


def test_the_tree_shows_who_is_let_in_and_what_crosses(cli: Cli) -> None:
    said = cli("surface", str(TOUR / "as-found"))
    assert said.code == 0
    assert said.out.endswith("\n\n" + HELPER)


@pytest.mark.parametrize(("folder", "answer"), [("as-found", "nothing"), ("mended", "code signature")])
def test_json_says_what_authenticates_the_peer(cli: Cli, folder: str, answer: str) -> None:
    said = cli("surface", str(TOUR / folder), "--format", "json")
    listeners = [each for each in said.json["endpoints"] if each["kind"] == "XPC listener"]
    assert [(each["name"], each["authentication"]) for each in listeners] == [("com.example.courier.helper", answer)]
    assert [peer["path"] for peer in listeners[0]["peers"]] == ["App/HelperClient.swift"]


def test_a_hostile_name_does_not_reach_the_terminal(cli: Cli, tmp_path: Path) -> None:
    root = write(
        tmp_path / "hostile",
        {"a.swift": 'func f() { let c = NSXPCConnection(machServiceName: "a\\u{1b}]0;b", options: []) }\n'},
    )
    out = cli("surface", str(root)).out
    assert "XPC client a" in out
    assert "\x1b" not in out


def test_a_folder_that_is_not_there_is_an_error(cli: Cli) -> None:
    said = cli("surface", "nowhere")
    assert (said.code, said.out) == (2, "")
    assert "nowhere: there is no such folder" in said.err
