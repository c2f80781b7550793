"""Project files of every kind → ProjectFacts, by their names."""

from __future__ import annotations

from collections.abc import Callable

from ipclint.model.facts import ProjectFacts
from ipclint.readers import Beside, alone
from ipclint.readers.pbxproj import read_pbxproj
from ipclint.readers.swiftpm import read_package
from ipclint.readers.xcconfig import read_xcconfig

XCODEGEN = ("project.yml", "project.yaml", "project.json")


def project_reader(path: str) -> Callable[[str, bytes], ProjectFacts] | None:
    """The reader for the file at `path`, None when it is no project file."""
    name = path.rpartition("/")[2]
    if name == "project.pbxproj":
        return read_pbxproj
    if name == "Package.swift" or (name.startswith("Package@swift-") and name.endswith(".swift")):
        return read_package
    if name.endswith(".xcconfig"):
        return read_xcconfig
    if name in XCODEGEN:
        from ipclint.readers.xcodegen import read_xcodegen  # few workspaces have one

        return read_xcodegen
    if name == "Project.swift":
        from ipclint.readers.tuist import read_tuist

        return read_tuist
    return None


def read_project(path: str, data: bytes, beside: Beside = alone) -> ProjectFacts:
    """The facts of the project file at workspace-relative `path`; `beside` is asked for what a spec of XcodeGen
    includes. Never raises: see `ProjectFacts.problem`."""
    if path.rpartition("/")[2] in XCODEGEN:
        from ipclint.readers.xcodegen import read_xcodegen

        return read_xcodegen(path, data, beside)
    reader = project_reader(path)
    return reader(path, data) if reader is not None else ProjectFacts(path, (), problem="this is no project file")
