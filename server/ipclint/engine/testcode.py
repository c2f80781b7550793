"""Test code told from what ships: by what a file imports, and by the targets that compile it."""

from __future__ import annotations

from collections.abc import Iterable

from ipclint.model.facts import Facts, Import, ProjectFacts, SourceFacts, Target

_FRAMEWORKS = frozenset({"XCTest", "Testing", "Quick", "Nimble", "SenTestingKit", "XCTest/XCTest.h"})


def imports_tests(facts: Facts) -> bool:
    """Whether a source file imports a framework for tests."""
    return isinstance(facts, SourceFacts) and any(
        isinstance(unit, Import) and (unit.name in _FRAMEWORKS or unit.name.partition("/")[0] in _FRAMEWORKS)
        for unit in facts.units.values()
    )


class TestTargets:
    """Which files belong to test targets and to no other."""

    def __init__(self, projects: Iterable[ProjectFacts]) -> None:
        tests: set[str] = set()
        ships: set[str] = set()
        for project in projects:
            is_whole = not project.path.endswith("Project.swift")  # helpers of a Tuist manifest may make more targets
            for target in project.targets:
                if not _is_test(target):
                    ships.update(target.sources)
                elif is_whole:
                    tests.update(target.sources)
        self._files = frozenset(tests - ships)
        self._folders = tuple(sorted(source for source in self._files if source.endswith("/")))

    def compile(self, path: str) -> bool:
        """Whether `path` is compiled for tests alone."""
        return path in self._files or path.startswith(self._folders)


def _is_test(target: Target) -> bool:
    return target.product_type == "test" or "test" in target.product_type.rpartition(".")[2]
