"""Test code told from what ships by the targets that compile it."""

from __future__ import annotations

from ipclint.engine import testcode
from ipclint.model.facts import ProjectFacts, Target

APP = Target("App", "com.apple.product-type.application", ("App/",), {})
TESTS = Target("Tests", "com.apple.product-type.bundle.unit-test", ("Checks/", "App/"), {})


def test_what_only_tests_compile_is_test_code():
    known = testcode.TestTargets([ProjectFacts("App.xcodeproj/project.pbxproj", (APP, TESTS))])
    assert known.compile("Checks/A.swift")
    assert not known.compile("App/A.swift")


def test_a_manifest_whose_helpers_may_make_more_targets_does_not_tell():
    known = testcode.TestTargets([ProjectFacts("Project.swift", (TESTS,))])
    assert not known.compile("App/A.swift") and not known.compile("Checks/A.swift")
