"""`ipclint surface` on the sample app, on hostile names, and against revisions of git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.engine.conftest import write

TOUR = Path(__file__).parents[2] / "docs" / "tour"

REST = """\
Courier (application)
  pasteboard general  App/Vault.swift:20:9  [not authenticated]
      reachable by: any app
      other side authenticated by: nothing: any process can see it
      mechanism rated: very low
      also: App/Vault.swift:14:9
  XPC client com.example.courier.helper  App/HelperClient.swift:6:26  [authenticated]
      other side authenticated by: the system: only root can register the name
      mechanism rated: high
      other side: XPC listener com.example.courier.helper  Helper/main.swift:4:16
      protocol: HelperProtocol
        version(withReply:) ← @escaping (String) -> Void
        unpack(archive:into:withReply:) ← String, String, @escaping (Bool) -> Void
        deliver(_:withReply:) ← Parcel, @escaping (Bool) -> Void

CourierMobile (application, sandboxed)
  URL scheme client courier-companion  Mobile/Companion.swift:7:9  [not authenticated]
      other side authenticated by: nothing: any app can register the same scheme and get what is sent
      mechanism rated: very low
  app group group.com.example.courier  Mobile/Mobile.entitlements:7:3  [authenticated]
      reachable by: every member of the group
      peer authenticated by: the system: only members of the group, all of one team
  shared defaults group.com.example.courier  Mobile/Outbox.swift:8:9  [authenticated]
      reachable by: every member of the group
      peer authenticated by: the system: only members of the group, all of one team
      other side: shared defaults group.com.example.courier  Share/ShareViewController.m:11:30

CourierShare (app extension, sandboxed)
  pasteboard general  Share/ShareViewController.m:17:5  [not authenticated]
      reachable by: any app
      other side authenticated by: nothing: any process can see it
      mechanism rated: very low
  app group group.com.example.courier.share  Share/Share.entitlements:7:3  [authenticated]
      reachable by: every member of the group
      peer authenticated by: the system: only members of the group, all of one team
  shared defaults group.com.example.courier  Share/ShareViewController.m:11:30  [authenticated]
      reachable by: every member of the group
      peer authenticated by: the system: only members of the group, all of one team
      other side: shared defaults group.com.example.courier  Mobile/Outbox.swift:8:9
"""

HELPER = """\
com.example.courier.helper (tool, privileged)
  XPC listener com.example.courier.helper  Helper/main.swift:4:16  [not authenticated]
      reachable by: any process on the Mac that may look the name up
      peer authenticated by: nothing: every connection is accepted
      mechanism rated: high
      also: Helper/com.example.courier.helper.plist:9:3
      other side: XPC client com.example.courier.helper  App/HelperClient.swift:6:26
      protocol: HelperProtocol
        version(withReply:) ← @escaping (String) -> Void
        unpack(archive:into:withReply:) ← String, String, @escaping (Bool) -> Void
          reaches a command: process.arguments  Helper/Shell.swift:7:9
        deliver(_:withReply:) ← Parcel, @escaping (Bool) -> Void
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
    assert said.out == f"{REST}\n{HELPER}"


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


MERMAID = """\
flowchart LR
  t0["Courier"]
  t1["CourierMobile"]
  t2["CourierShare"]
  t3["com.example.courier.helper<br/><i>privileged</i>"]
  o4(["Any process"])
  o5(["Any app or web page"])
  o6[("App group group.com.example.courier")]
  o7[("App group group.com.example.courier.share")]
  o8[("File /tmp/courier-delivery.txt")]
  o9[("Pasteboard general")]
  o10[/"courier-companion:"/]
  o4 -->|"XPC listener com.example.courier.helper<br/>not authenticated"| t3
  o5 -->|"helper installation com.example.courier.helper<br/>not authenticated"| t3
  t0 -->|"pasteboard general<br/>not authenticated"| o9
  t0 -->|"XPC listener com.example.courier.helper<br/>not authenticated"| t3
  t1 <-->|"app group group.com.example.courier<br/>shared defaults group.com.example.courier<br/>authenticated"| o6
  t1 -->|"URL scheme client courier-companion<br/>not authenticated"| o10
  t2 <-->|"shared defaults group.com.example.courier<br/>authenticated"| o6
  t2 <-->|"app group group.com.example.courier.share<br/>authenticated"| o7
  t2 -->|"pasteboard general<br/>not authenticated"| o9
  t3 <-->|"shared file /tmp/courier-delivery.txt<br/>not authenticated"| o8
  linkStyle 0,1,2,3,5,8,9 stroke:#b3261e,stroke-width:3px
  linkStyle 4,6,7 stroke:#1a7f37
"""


def test_mermaid_draws_targets_and_channels(cli: Cli) -> None:
    assert cli("surface", str(TOUR / "as-found"), "--format", "mermaid").out == MERMAID


def test_a_page_links_from_its_folder_to_the_workspace(cli: Cli, root: Path) -> None:
    (root / "out").mkdir()
    write(root, {"App/B.swift": CONNECT})
    assert cli("surface", "--format", "html", "--output", "out/map.html").code == 0
    assert 'href="./../App/B.swift#L1"' in (root / "out/map.html").read_text("utf-8")


def test_an_output_that_cannot_be_written_is_an_error(cli: Cli) -> None:
    said = cli("surface", "--output", "no/where.txt")
    assert said.code == 2
    assert "no/where.txt: cannot be written" in said.err


@pytest.mark.parametrize("link", ["https://example.com/{file}", "{", "{0}", "{path.x.y}"])
def test_a_link_with_unknown_holes_is_an_error(cli: Cli, link: str) -> None:
    said = cli("surface", "--format", "html", "--link", link)
    assert said.code == 2
    assert "only {path}, {line} and {column} may stand in braces" in said.err


# ── revisions ────────────────────────────────────────────────────────────────────────────────────────────────────────

CONNECT = 'func call() { let c = NSXPCConnection(machServiceName: "a.b", options: []); c.resume() }\n'
NOTE = 'func tell() { DistributedNotificationCenter.default().post(name: .init("a.note"), object: nil) }\n'


def git(folder: Path, *words: str) -> None:
    names = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, env=environment)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose workspace is a folder in it, with one commit."""
    folder = tmp_path / "repository"
    write(folder, {"README": "x", "app/a.swift": CONNECT, "app/ignored/b.swift": NOTE, ".gitignore": "ignored/\n"})
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_a_change_is_told_by_what_it_adds_and_removes(cli: Cli, repository: Path) -> None:
    app = repository / "app"
    assert "the surface is the same" in cli("surface", str(app), "--diff", "HEAD").out
    write(app, {"a.swift": NOTE})
    lines = cli("surface", str(app), "--diff", "main").out.splitlines()
    assert lines[0].startswith("against main (")
    assert lines[1:] == [
        "+ distributed notification a.note  a.swift:1:15",
        "+     reachable by: any process of the user",
        "+     not authenticated: nothing: any process can see it",
        "- XPC client a.b  a.swift:1:23",
        "-     not authenticated: nothing: whoever registers the name first can answer",
    ]


def test_a_revision_has_what_its_project_includes(cli: Cli, tmp_path: Path) -> None:
    project = "name: A\ninclude: base.yml\ntargets: {App: {type: application, platform: macOS}}\n"
    base = "targets: {App: {sources: [App]}}\n"
    folder = write(tmp_path / "repository", {"project.yml": project, "base.yml": base, "App/a.swift": CONNECT})
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "first"]):
        git(folder, *words)
    assert "the surface is the same" in cli("surface", str(folder), "--diff", "HEAD").out


def test_a_change_as_json_and_as_a_page(cli: Cli, repository: Path) -> None:
    app = repository / "app"
    write(app, {"a.swift": NOTE})
    found = cli("surface", str(app), "--diff", "HEAD", "--format", "json").json
    assert (found["version"], found["revision"], len(found["commit"])) == (1, "HEAD", 40)
    assert [each["kind"] for each in found["added"]] == ["distributed notification"]
    assert [each["kind"] for each in found["removed"]] == ["XPC client"]
    page = cli("surface", str(app), "--diff", "HEAD", "--format", "html").out
    assert "<h2>Against HEAD</h2>" in page
    assert '<span class="mark">added</span>' in page
    assert '<tspan class="sign">+</tspan>' in page
    assert "mermaid draws one map" in cli("surface", str(app), "--diff", "HEAD", "--format", "mermaid").err


def test_a_folder_that_was_not_there_yet_is_all_new(cli: Cli, repository: Path) -> None:
    write(repository / "new", {"a.swift": CONNECT})
    assert "+ XPC client a.b  a.swift:1:23" in cli("surface", str(repository / "new"), "--diff", "HEAD").out


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:app", "a\0b"])
def test_a_revision_that_is_none_is_an_error(cli: Cli, repository: Path, revision: str) -> None:
    said = cli("surface", str(repository / "app"), f"--diff={revision}")
    assert (said.code, said.out) == (2, "")
    assert "the repository has no such revision" in said.err


def test_a_folder_outside_of_git_is_an_error(cli: Cli, tmp_path: Path) -> None:
    said = cli("surface", str(write(tmp_path / "plain", {"a.swift": CONNECT})), "--diff", "HEAD")
    assert said.code == 2
    assert "this is no folder of a git repository" in said.err


def test_a_hostile_repository_runs_nothing_and_leads_nowhere(cli: Cli, repository: Path, tmp_path: Path) -> None:
    trap, outside = tmp_path / "trap", tmp_path / "outside.swift"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/RAN\ncat\n")
    trap.chmod(0o755)
    outside.write_text(NOTE)
    app = repository / "app"
    (app / "link.swift").symlink_to(outside)
    write(repository, {".gitattributes": "*.swift filter=trap diff=trap\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "second")
    for key in (
        "core.fsmonitor",
        "filter.trap.smudge",
        "diff.trap.textconv",
        "diff.external",
        "core.pager",
        "core.sshCommand",
    ):
        git(repository, "config", key, str(trap))
    before = sorted(path for path in repository.rglob("*") if ".git" not in path.parts)
    said = cli("surface", str(app), "--diff", "HEAD")
    assert said.code == 0
    assert "the surface is the same" in said.out
    assert not (tmp_path / "RAN").exists()
    assert sorted(path for path in repository.rglob("*") if ".git" not in path.parts) == before
