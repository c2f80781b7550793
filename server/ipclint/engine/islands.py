"""A folder of several repositories is not one program: which part of the workspace a file is linked with."""

from __future__ import annotations

from collections.abc import Iterable

_BUNDLES = (".xcodeproj", ".xcworkspace")
_PROJECTS = ("/project.pbxproj", "/Package.swift", "/project.yml", "/Project.swift")
_DEPTH = 3
"""How many folders below the child folder its project file may stand."""


class Islands:
    """Splits a workspace into parts that know nothing of each other.

    A root that holds nothing but folders, of which two or more hold a project, is a shelf of repositories: each folder
    is an island. Any other root is one program. `files` and `folders` are the names in the root itself.
    """

    def __init__(self, files: Iterable[str], folders: Iterable[str], paths: Iterable[str]) -> None:
        bare = not any(not name.startswith(".") for name in files)
        shelf = bare and not any(name == ".git" or name.endswith(_BUNDLES) for name in folders)
        self._split = shelf and len({path.partition("/")[0] for path in paths if _is_project(path)}) > 1

    def of(self, path: str) -> str:
        """The island of a file: "" when the workspace is one program, else the folder in the root."""
        return path.partition("/")[0] if self._split and "/" in path else ""


def _is_project(path: str) -> bool:
    return path.count("/") <= _DEPTH + 1 and path.endswith(_PROJECTS)
