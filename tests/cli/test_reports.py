"""JSON and SARIF: what they carry, and that they stay the same when lines move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.engine.conftest import write

from .conftest import LOUD, Cli

EMOJI = "func f(_ t: String) { /* 😀é */ shout(t) }\n"


def test_json(cli: Cli, root: Path) -> None:
    report = cli("check", "--format", "json").json
    (finding,) = report["findings"]
    assert {key: finding[key] for key in ("rule", "aliases", "severity", "confidence", "path", "start", "end")} == {
        "rule": "demo/shouting",
        "aliases": ["DEMO1"],
        "severity": "medium",
        "confidence": "certain",
        "path": "App/A.swift",
        "start": {"line": 2, "column": 5, "offset": 29},
        "end": {"line": 2, "column": 16, "offset": 40},
    }
    assert finding["fixes"] == [
        {
            "title": "Whisper instead",
            "safe": True,
            "edits": [{"path": "App/A.swift", "start": 29, "end": 40, "text": "whisper(text)"}],
            "creates": [],
        }
    ]
    assert report["root"] == str(root)
    assert report["summary"]["files"] == 1


def test_columns_are_characters_in_json_and_utf16_in_sarif(cli: Cli, root: Path) -> None:
    write(root, {"App/A.swift": EMOJI})
    assert cli("check", "--format", "json").json["findings"][0]["start"]["column"] == EMOJI.index("shout") + 1
    run = sarif(cli)
    assert run["columnKind"] == "utf16CodeUnits"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {
        "startLine": 1,
        "startColumn": EMOJI.index("shout") + 2,
        "endLine": 1,
        "endColumn": EMOJI.index(" }") + 2,
    }


def sarif(cli: Cli, *arguments: str) -> dict[str, Any]:
    log = cli("check", "--format", "sarif", *arguments).json
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def test_sarif(cli: Cli, root: Path) -> None:
    write(root, {"App/A B#%.swift": LOUD})
    run = sarif(cli)
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    rule = rules["demo/shouting"]
    assert rule["properties"]["aliases"] == ["DEMO1"]
    assert rule["help"]["markdown"] == "Say it *quietly*."
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "demo/shouting"
        assert (result["properties"]["severity"], result["properties"]["confidence"]) == ("medium", "certain")
        assert result["level"] == "warning"
        assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {
            "text": "whisper(text)"
        }
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in run["results"]]
    assert [uri["uri"] for uri in uris] == ["App/A%20B%23%25.swift", "App/A.swift"]
    assert run["originalUriBaseIds"][uris[0]["uriBaseId"]]["uri"] == root.as_uri() + "/"


def test_the_trace_is_a_code_flow_and_related_locations(cli: Cli, root: Path) -> None:
    write(root, {"ipclint.toml": 'select = ["xpc/listener-accepts-unverified-peer"]', "App/A.swift": LISTENER})
    (result,) = sarif(cli)["results"]
    steps = [location["message"]["text"] for location in result["relatedLocations"]]
    flow = [each["location"]["message"]["text"] for each in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert flow == [*steps, result["message"]["text"]]
    assert len(steps) == 2


LISTENER = """
import Foundation
class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        c.resume()
        return true
    }
}
let delegate = Delegate()
let listener = NSXPCListener(machServiceName: "com.example.helper")
listener.delegate = delegate
listener.resume()
"""


def test_fingerprints_survive_moved_lines_and_tell_equal_findings_apart(cli: Cli, root: Path) -> None:
    write(root, {"App/A.swift": "func f() {\n    shout(1)\n    shout(1)\n    shout(2)\n}\n"})
    before = [result["partialFingerprints"]["ipclint/v1"] for result in sarif(cli)["results"]]
    write(
        root, {"App/A.swift": "\n// moved\nfunc f() {\n        shout(1)\n    shout( 1)\n    shout(1)\n shout(2)\n}\n"}
    )
    after = [result["partialFingerprints"]["ipclint/v1"] for result in sarif(cli)["results"]]
    assert len(set(before)) == 3
    assert set(before) < set(after)


def test_what_could_not_be_read_is_a_notification(cli: Cli, root: Path) -> None:
    write(root, {"App/Info.plist": "<plist><dict>"})
    (told,) = sarif(cli)["invocations"][0]["toolExecutionNotifications"]
    assert told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "App/Info.plist"
    assert "note: App/Info.plist: " in cli("check").out
