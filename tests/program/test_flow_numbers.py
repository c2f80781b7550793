"""Numbers in the flow analysis: followed to the sinks that take them, and nowhere else."""

from __future__ import annotations

import pytest

from ipclint.program.flow_numbers import takes_numbers
from ipclint.program.program import UnitRef
from tests.program.flow_sample import program_of, reached


def helper(body: str, more: str = "") -> dict[str, str]:
    """A helper with the exported method `act(_ n: Int32, of x: NSNumber, with d: [String: Any])`."""
    return {
        "Helper.swift": f"""
@objc protocol HelperProtocol {{ func act(_ n: Int32, of x: NSNumber, with d: [String: Any]) }}

final class Helper: NSObject, HelperProtocol {{
    var kept: Int32 = 0
    func serve(_ connection: NSXPCConnection) {{
        connection.exportedInterface = NSXPCInterface(with: HelperProtocol.self)
        connection.exportedObject = self
    }}
    func act(_ n: Int32, of x: NSNumber, with d: [String: Any]) {{
        {body}
    }}
}}
{more}
"""
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("kill(n, 9)", "privilege.process"),
        ("kill(x.int32Value, 9)", "privilege.process"),
        ('kill(d["pid"] as! pid_t, 9)', "privilege.process"),
        ('let pid: pid_t = d["pid"] as! Int32; killpg(pid, 9)', "privilege.process"),
        ("setuid(uid_t(n))", "privilege.identity"),
        ('chown("/a", UInt32(truncatingIfNeeded: n), 0)', "privilege.identity"),
        ("let twin = n; if twin > 1 { kill(twin, 9) }", "privilege.process"),
        ("end(n)", "privilege.process"),
    ],
)
def test_numbers_reach_the_sinks_that_take_them(body: str, kind: str) -> None:
    more = "func end(_ pid: Int32) { kill(pid, 9) }"
    assert reached(helper(body, more)) == {kind}


@pytest.mark.parametrize(
    "body",
    [
        "system(String(n)); kill(1, 9)",
        "reply(kill(n, 0) == 0)",
        'system("kill \\(n)"); kill(1, 9)',
        "open(n.description); kill(1, 9)",
        "guard n == 7 else { return }; kill(n, 9)",
        "switch n { case 1: kill(1, 9)\n default: break }",
    ],
)
def test_numbers_reach_no_other_sink(body: str) -> None:
    assert reached(helper(body)) == set()


def test_numbers_are_followed_near_their_sinks_alone() -> None:
    more = "func end(_ pid: Int32) { kill(pid, 9) }\nfunc other(_ pid: Int32) { use(pid) }"
    program = program_of(helper("end(n)", more))
    near = {key for key in program.keys("Helper.swift") if takes_numbers(program, UnitRef("Helper.swift", key))}
    assert near == {"F Helper.act(_:of:with:)", "F end(_:)"}
