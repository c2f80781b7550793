"""New files of a fix become members of the targets of the file beside them, in the project file as Xcode writes it."""

from __future__ import annotations

import pytest

from ipclint.checks.builders.project_members import TO_ADD, NewFile, joined
from ipclint.checks.edits import apply_edits, apply_fixes, compatible
from ipclint.checks.fix import Sources
from ipclint.model.facts import ProjectFacts
from ipclint.model.finding import Edit, Fix
from ipclint.model.source import Span
from ipclint.program.program import Program
from ipclint.readers import read
from tests.rules.harness import Run, rulebook

PATH = "App.xcodeproj/project.pbxproj"
PROJECT = """\
// !$*UTF8*$!
{
	archiveVersion = 1;
	objectVersion = 56;
	objects = {

/* Begin PBXBuildFile section */
		A10000000000000000000001 /* Copy.swift in Sources */ = {isa = PBXBuildFile; fileRef = A20000000000000000000001 /* Copy.swift */; };
		A10000000000000000000002 /* Copy.swift in Sources */ = {isa = PBXBuildFile; fileRef = A20000000000000000000001 /* Copy.swift */; };
		A10000000000000000000003 /* Other.swift in Sources */ = {isa = PBXBuildFile; fileRef = A20000000000000000000002 /* Other.swift */; };
/* End PBXBuildFile section */

/* Begin PBXFileReference section */
		A20000000000000000000001 /* Copy.swift */ = {isa = PBXFileReference; fileEncoding = 4; lastKnownFileType = sourcecode.swift; name = Copy.swift; path = "My App/Copy.swift"; sourceTree = "<group>"; };
		A20000000000000000000002 /* Other.swift */ = {isa = PBXFileReference; lastKnownFileType = sourcecode.swift; path = Other.swift; sourceTree = "<group>"; };
/* End PBXFileReference section */

/* Begin PBXGroup section */
		A30000000000000000000001 = {
			isa = PBXGroup;
			children = (
				A20000000000000000000001 /* Copy.swift */,
				A20000000000000000000002 /* Other.swift */,
			);
			sourceTree = "<group>";
		};
/* End PBXGroup section */

/* Begin PBXNativeTarget section */
		A40000000000000000000001 /* App */ = {
			isa = PBXNativeTarget;
			buildPhases = (
				A50000000000000000000001 /* Sources */,
			);
			name = App;
			productType = "com.apple.product-type.application";
		};
		A40000000000000000000002 /* Agent */ = {
			isa = PBXNativeTarget;
			buildPhases = (
				A50000000000000000000002 /* Sources */,
			);
			name = Agent;
			productType = "com.apple.product-type.tool";
		};
/* End PBXNativeTarget section */

/* Begin PBXProject section */
		A60000000000000000000001 /* Project object */ = {
			isa = PBXProject;
			mainGroup = A30000000000000000000001;
			targets = (
				A40000000000000000000001 /* App */,
				A40000000000000000000002 /* Agent */,
			);
		};
/* End PBXProject section */

/* Begin PBXSourcesBuildPhase section */
		A50000000000000000000001 /* Sources */ = {
			isa = PBXSourcesBuildPhase;
			files = (
				A10000000000000000000001 /* Copy.swift in Sources */,
				A10000000000000000000003 /* Other.swift in Sources */,
			);
		};
		A50000000000000000000002 /* Sources */ = {
			isa = PBXSourcesBuildPhase;
			files = (
				A10000000000000000000002 /* Copy.swift in Sources */,
			);
		};
/* End PBXSourcesBuildPhase section */
	};
	rootObject = A60000000000000000000001 /* Project object */;
}
"""
NEW = (NewFile("Transfer.swift", True), NewFile("Transfer.h", False))


def edits(text: str, beside: str, *others: tuple[str, str]) -> tuple[Edit, ...] | None:
    program = Program()
    for path, data in ((PATH, text), *others):
        facts = read(path, data.encode())
        assert facts is not None
        program.update(facts)
    return joined(program, Sources(lambda _: text.encode(), lambda _: Span(0, 0)), beside, NEW)


def project(data: bytes) -> ProjectFacts:
    facts = read(PATH, data)
    assert isinstance(facts, ProjectFacts) and not facts.problem
    return facts


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("beside", "targets", "new"),
    [("My App/Copy.swift", ("App", "Agent"), "My App/Transfer.swift"), ("Other.swift", ("App",), "Transfer.swift")],
)
def test_the_targets_of_the_file_beside_compile_the_new_one(
    beside: str, targets: tuple[str, ...], new: str, newline: str
) -> None:
    text = PROJECT.replace("\n", newline)
    made = edits(text, beside)
    assert made
    after = apply_edits(text.encode(), made)
    for old, now in zip(project(text.encode()).targets, project(after).targets, strict=True):
        assert set(now.sources) == set(old.sources) | ({new} if now.name in targets else set())
    assert after.count(b"\n") == after.count(b"\r\n") or newline == "\n"
    added = [line for line in after.decode().split(newline) if line not in text.split(newline)]
    assert sum("PBXFileReference" in line for line in added) == 2
    assert len(added) == 4 + 2 * len(targets)
    assert not any("Transfer.h in" in line for line in added)


def test_the_lines_are_those_that_xcode_would_write() -> None:
    made = edits(PROJECT, "My App/Copy.swift")
    assert made
    text = apply_edits(PROJECT.encode(), made).decode()
    line = next(line for line in text.split("\n") if "/* Transfer.h */ = {" in line)
    assert line[:2] == "\t\t" and line[26:] == (
        " /* Transfer.h */ = {isa = PBXFileReference; fileEncoding = 4; lastKnownFileType = sourcecode.c.h; "
        'name = Transfer.h; path = "My App/Transfer.h"; sourceTree = "<group>"; };'
    )


def test_ids_follow_from_what_they_are_for() -> None:
    assert edits(PROJECT, "Other.swift") == edits(PROJECT, "Other.swift")
    ids = [word for edit in edits(PROJECT, "My App/Copy.swift") or () for word in edit.text.split() if len(word) == 24]
    assert len(set(ids)) == 4 and all(id not in PROJECT for id in ids)


@pytest.mark.parametrize(
    "other",
    [
        PROJECT.replace("// !$*UTF8*$!\n", ""),
        PROJECT.replace("/* Other.swift */ = {isa", "= {isa"),
        PROJECT.replace("path = Other.swift;", "path = Other.swift; explicitFileType = sourcecode.swift;"),
        PROJECT.replace("A10000000000000000000003 /* Other.swift in Sources */,", "A10000000000000000000003,"),
        PROJECT.replace('"My App/Copy.swift"', '"My App/Other.swift"'),
        PROJECT.replace("	archiveVersion", "<<<<<<< HEAD\n	archiveVersion"),
    ],
)
def test_nothing_is_done_that_is_not_exact(other: str) -> None:
    assert edits(other, "Other.swift") is None


def test_nothing_is_needed_where_folders_are_compiled_or_the_project_is_made_anew() -> None:
    assert edits(PROJECT, "Elsewhere/Copy.swift") == ()
    spec = "name: App\ntargets:\n  App:\n    type: application\n    platform: macOS\n    sources: [My App]\n"
    assert edits(PROJECT, "My App/Copy.swift", ("project.yml", spec)) == ()


SOURCE = """\
import AppKit

func copy(password: String) {
    NSPasteboard.general.clearContents()
    NSPasteboard.general.setString(password, forType: .string)
}
"""


def fixes(project_text: str) -> tuple[Run, list[Fix]]:
    run = Run({"Other.swift": SOURCE.encode(), PATH: project_text.encode()}, rulebook())
    titled = [
        fix for each in run.found() for fix in run.fixes(each.finding) if fix.title.startswith("Replace the paste")
    ]
    return run, compatible(titled)[0]


def test_a_fix_makes_its_files_members_in_the_same_edit() -> None:
    run, found = fixes(PROJECT)
    after = apply_fixes(lambda path: run.files[path], found)
    app, agent = project(after[PATH]).targets
    assert {"SecretTransfer.swift", "SecretTransferClient.swift"} < set(app.sources)
    assert "SecretTransferListener.swift" not in app.sources
    assert b"/* SecretTransferListener.swift */," in after[PATH]
    assert agent.sources == ("My App/Copy.swift",)
    assert set(after) == {"Other.swift", PATH, *(name for name, _ in found[0].creates)}


def test_a_fix_says_where_its_files_have_to_be_added() -> None:
    _, found = fixes(PROJECT.replace("// !$*UTF8*$!\n", ""))
    assert [fix.title for fix in found] == [f"Replace the pasteboard by an XPC call{TO_ADD}"]
