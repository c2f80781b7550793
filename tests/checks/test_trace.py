"""`[flow]` tables: what is wrong in one is said; what they mean for severity, profile and place."""

from __future__ import annotations

import msgspec
import pytest

from ipclint.checks.rule import Rule
from ipclint.checks.run import Checker
from ipclint.checks.trace import FlowError, parse_flow, words_of
from ipclint.model.finding import Finding
from tests.program.flow_sample import program_of, swift, vocabulary

RULE = Rule(
    id="flow/test",
    title="Test",
    message={"": "{source} reaches {sink}"},
    severity={"": "medium", "a": "high"},
    flow={"from": ["ipc"], "to": ["path"], "unless": ["value", "path"], "variants": {"path.delete": "a"}},
)


def findings(files: dict[str, str], **changes: object) -> list[Finding]:
    flow = {**(RULE.flow or {}), **changes}
    checker = Checker(program_of(files), [msgspec.structs.replace(RULE, flow=flow)], strict=True)
    return [finding for path in files for finding in checker.findings(path)]


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"from": ["ipc"], "to": ["pathology"]}, "pathology"),
        ({"from": ["ipc"], "to": ["path"], "shape": "odd"}, "odd"),
        ({"from": ["ipc"], "to": ["path"], "unles": []}, "unles"),
        ({"from": ["ipc"]}, "to"),
    ],
)
def test_a_mistake_in_a_table_is_said(table: dict[str, object], text: str) -> None:
    with pytest.raises(FlowError, match=text) as error:
        parse_flow(msgspec.structs.replace(RULE, flow=table), vocabulary())
    assert "flow/test" in str(error.value)


def test_words_and_signatures_of_what_data_enters_by() -> None:
    words, signatures = words_of(vocabulary())
    assert {"exportedObject", "onOpenURL", "generalPasteboard"} <= words | {"generalPasteboard"}
    assert {"scene(_:openURLContexts:)", "scene:openURLContexts:"} <= signatures
    assert not any("(" in word for word in words)


def test_one_finding_a_place_the_gravest() -> None:
    found = findings(swift("try? FileManager.default.moveItem(atPath: x, toPath: x)"))
    assert [(finding.variant, finding.severity) for finding in found] == [("a", "high")]


def test_the_name_and_the_story() -> None:
    (finding,) = findings(swift("let y = x\n        unlink(y)"))
    assert finding.message == "x of act(_:flag:reply:) reaches unlink()"
    assert [step.text for step in finding.steps] == [
        "any client of the service chooses x of act(_:flag:reply:)",
        "goes into y",
        "reaches unlink()",
    ]
    assert finding.confidence == "certain"


def test_a_wrapper_is_reported_where_it_is_called() -> None:
    more = 'func wipe(_ s: String) { unlink(s) }\nfunc other() { wipe("/tmp/a") }'
    (called,) = findings(swift("wipe(x)", more))
    assert called.place.unit.endswith("act(_:flag:reply:)") and called.confidence == "likely"
    (once,) = findings(swift("wipe(x)", more.splitlines()[0]))
    assert once.place.unit == "F wipe(_:)"


def test_a_half_validator_is_named_with_its_counterexample() -> None:
    (finding,) = findings(swift('guard x.hasPrefix("/data") else { return }; unlink(x)'))
    assert "/folder-evil" in finding.message


def test_what_the_user_hands_over_weighs_less() -> None:
    files = {"Paste.swift": "func paste() { unlink(UIPasteboard.general.string!) }"}
    (full,) = findings(files)
    (asked,) = findings(files, asked=["ipc.pasteboard"])
    assert (full.severity, full.profile) == ("high", "recommended")
    assert (asked.severity, asked.profile) == ("medium", "strict")


def test_a_sink_may_count_for_some_sources_only() -> None:
    assert findings(swift("unlink(x)"), only={"path.delete": ["ipc.url"]}) == []


def test_debug_code_is_no_finding() -> None:
    assert findings(swift("#if DEBUG\n unlink(x)\n #endif")) == []


def test_the_peers_signature_lowers_it() -> None:
    delegate = """
final class Gate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        connection.setCodeSigningRequirement("anchor apple generic and certificate leaf[subject.OU] = A1B2C3D4E5")
        connection.exportedInterface = NSXPCInterface(with: HelperProtocol.self)
        connection.exportedObject = Helper()
        connection.resume()
        return true
    }
}
"""
    files = swift("unlink(x)", delegate)
    text = files["Helper.swift"]
    start, end = text.index("    func serve"), text.index("    func act(_ x", text.index("func serve"))
    (finding,) = findings({"Helper.swift": text[:start] + text[end:]})
    assert finding.severity == "medium"
