"""Workspace-relative paths: "/" separated, without "." and "..", "" for the workspace itself."""

from __future__ import annotations


def join(folder: str, path: str) -> str | None:
    """`path` below `folder`; None when that is absolute or leaves the workspace."""
    if path.startswith(("/", "~")):
        return None
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
