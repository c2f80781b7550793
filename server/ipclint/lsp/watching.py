"""What the client is asked to watch on disk, and which of its file operations it is to tell of."""

from __future__ import annotations

from lsprotocol import types

_EXTENSIONS = "swift,m,mm,h,c,plist,entitlements,xcent,xcconfig,pbxproj,yml,yaml,json"
"""Specs of XcodeGen and what they include are YAML or JSON, manifests of Tuist are Swift; a baseline is JSON."""
PATTERNS = (f"**/*.{{{_EXTENSIONS}}}", "**/ipclint.toml")


def registration() -> types.RegistrationParams:
    """The request to watch sources, property lists, entitlements, projects, the configuration and the baseline."""
    watchers = [types.FileSystemWatcher(pattern) for pattern in PATTERNS]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    watch = types.Registration("ipclint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    return types.RegistrationParams([watch])


def file_operations() -> types.FileOperationRegistrationOptions:
    """The same files, and any folder: with a folder that is moved or deleted goes all that is in it."""
    folder, file = types.FileOperationPatternKind.Folder, types.FileOperationPatternKind.File
    patterns = [types.FileOperationPattern(pattern, file) for pattern in PATTERNS]
    patterns.append(types.FileOperationPattern("**/*", folder))
    return types.FileOperationRegistrationOptions([types.FileOperationFilter(each, scheme="file") for each in patterns])
