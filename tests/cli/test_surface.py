"""`ipclint surface` on the sample app, and on hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.engine.conftest import write

TOUR = Path(__file__).parents[2] / "docs" / "tour"

HELPER = """\
com.example.courier.helper (tool, privileged)
  XPC listener com.example.courier.helper  Helper/main.swift:4:16  [not authenticated]
      reachable by: any process on the Mac that may look the name up
      peer authenticated by: nothing: every connection is accepted
      mechanism rated: high
      also: Helper/com.example.courier.helper.plist:9:3
      other side: XPC client com.example.courier.helper  App/HelperClient.swift:6:26
      protocol: HelperProtocol
        deliver(_:withReply:) ← Parcel, @escaping (Bool) -> Void
        unpack(archive:into:withReply:) ← String, String, @escaping (Bool) -> Void
          reaches a command: process.arguments  Helper/Shell.swift:7:9
        version(withReply:) ← @escaping (String) -> Void
  helper installation com.example.courier.helper  Helper/Helper-Info.plist:10:2  [not authenticated]
      reachable by: any app that meets the requirement, with an administrator's consent
      peer authenticated by: a code requirement: any program with a self-made certificate that calls itself “com.example.courier” can satisfy it
        requirement: identifier "com.example.courier"
  shared file /tmp/courier-delivery.txt  Helper/Helper.swift:14:14  [not authenticated]
      reachable by: any process of any user
      peer authenticated by: nothing: every user of the Mac can put files there
      mechanism rated: low
"""


def test_the_tree_shows_who_is_let_in_and_what_crosses(cli: Cli) -> None:
    said = cli("surface", str(TOUR / "as-found"))
    assert said.code == 0
    assert said.out.endswith("\n\n" + HELPER)


@pytest.mark.parametrize(
    ("folder", "state", "says"),
    [
        ("as-found", "open", "nothing: every connection is accepted"),
        (
            "mended",
            "verified",
            "a code requirement: only com.example.courier of team ABCDE12345, from version 2.0 on can satisfy it",
        ),
    ],
)
def test_json_says_what_authenticates_the_peer(cli: Cli, folder: str, state: str, says: str) -> None:
    found = cli("surface", str(TOUR / folder), "--format", "json").json
    (listener,) = [each for each in found["endpoints"] if each["kind"] == "XPC listener"]
    assert listener["name"] == "com.example.courier.helper"
    assert (listener["authentication"]["state"], listener["authentication"]["says"]) == (state, says)
    names = {each["id"]: each["spot"]["path"] for each in found["endpoints"]}
    assert [names[peer] for peer in listener["peers"]] == ["App/HelperClient.swift"]


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
