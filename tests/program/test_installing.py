"""What code has root run, by the ways in which programs install daemons and helpers, and that agents are none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipclint.engine.setup import prepare
from ipclint.engine.surface import of
from ipclint.model.facts import ProjectFacts, Target
from ipclint.program.configuration import is_privileged
from ipclint.program.installing import installed
from ipclint.program.targets import Targets
from tests.program.sample import program_of

LABEL = "com.example.tool"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("A.swift", 'func f() { SMJobBless(kSMDomainSystemLaunchd, "com.example.tool" as CFString, auth, &error) }'),
        ("A.m", 'void f() { SMJobBless(kSMDomainSystemLaunchd, CFSTR("com.example.tool"), auth, &error); }'),
        (
            "A.swift",
            'func f() { try? m.copyItem(atPath: own, toPath: "/Library/LaunchDaemons/com.example.tool.plist") }',
        ),
        (
            "A.swift",
            'let place = "/Library/LaunchDaemons/com.example.tool.plist"\nfunc f() { try? m.copyItem(atPath: own, toPath: place) }',
        ),
        (
            "A.m",
            '#define PLIST @"com.example.tool.plist"\nvoid f() { NSString *to = [@"/Library/LaunchDaemons" '
            "stringByAppendingPathComponent:PLIST]; [manager copyItemAtPath:own toPath:to error:nil]; }",
        ),
        (
            "A.swift",
            'func f() { let p = Process(); p.arguments = ["bootstrap", "system", "/Library/LaunchDaemons/com.example.tool.plist"] }',
        ),
        (
            "A.swift",
            'func f() { let p = Process(); p.arguments = ["launchctl", "kickstart", "system/com.example.tool"] }',
        ),
        ("A.c", 'void f() { system("launchctl load -w /Library/LaunchDaemons/com.example.tool.plist"); }'),
        ("A.c", 'void f() { system("cp tool /Library/PrivilegedHelperTools/com.example.tool"); }'),
        (
            "A.m",
            'void f() { SMJobSubmit(kSMDomainSystemLaunchd, (CFDictionaryRef)@{@"Label": @"com.example.tool", '
            '@"ProgramArguments": @[@"/opt/tool"]}, auth, NULL); }',
        ),
    ],
)
def test_what_root_runs(name: str, code: str) -> None:
    assert LABEL in installed(program_of({name: code}))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("A.swift", 'func f() { SMJobBless(kSMDomainUserLaunchd, "com.example.tool" as CFString, auth, &error) }'),
        (
            "A.swift",
            'func f() { try? m.copyItem(atPath: own, toPath: "/Library/LaunchAgents/com.example.tool.plist") }',
        ),
        ("A.swift", 'func f() { let p = Process(); p.arguments = ["kickstart", "gui/501/com.example.tool"] }'),
        ("A.swift", "func f() { try? m.copyItem(atPath: own, toPath: folder) }"),
        ("A.swift", 'func f() { try? m.copyItem(atPath: own, toPath: "/Library/LaunchDaemons/\\(name).plist") }'),
        ("A.swift", 'func f() { print("/Library/LaunchDaemons/com.example.tool.plist") }'),
    ],
)
def test_what_root_does_not_run(name: str, code: str) -> None:
    assert LABEL not in installed(program_of({name: code}))


def test_the_program_of_a_job_that_code_writes() -> None:
    code = """
func install() {
    let job: [String: Any] = ["Label": "com.example.job", "ProgramArguments": ["/usr/local/libexec/exampled", "-d"]]
    (job as NSDictionary).write(toFile: "/Library/LaunchDaemons/com.example.job.plist", atomically: true)
}
"""
    assert {"com.example.job", "exampled"} <= installed(program_of({"A.swift": code}))


def test_the_target_is_privileged_unless_it_is_the_app() -> None:
    def privileged(kind: str) -> bool:
        settings = {"Release": {"PRODUCT_BUNDLE_IDENTIFIER": LABEL}}
        target = Target("Tool", f"com.apple.product-type.{kind}", ("p/main.swift",), settings)
        project = ProjectFacts("p/A.xcodeproj/project.pbxproj", (target,), root="p")
        return Targets([project], [], installed=[LABEL]).all()[0].is_privileged

    assert privileged("tool")
    assert not privileged("application")
    assert not privileged("framework")


def test_the_map_and_the_rules_agree_on_a_daemon_that_code_installs(tmp_path: Path) -> None:
    files = {
        "project.yml": "targets: {App: {type: application, platform: macOS, sources: [App]},"
        " Tool: {type: tool, platform: macOS, sources: [Tool], settings: {PRODUCT_BUNDLE_IDENTIFIER: com.example.tool}}}\n",
        "App/a.swift": 'func f() { system("launchctl bootstrap system /Library/LaunchDaemons/com.example.tool.plist") }\n',
        "Tool/main.swift": 'let listener = NSXPCListener(machServiceName: "com.example.tool")\nlistener.resume()\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    session = prepare(tmp_path).session(checks=False)
    session.load()
    assert {target.name: target.privileged for target in of(session).targets} == {"Tool": True}
    assert is_privileged(session.program("Tool/main.swift"), "Tool/main.swift")
    assert not is_privileged(session.program("App/a.swift"), "App/a.swift")
