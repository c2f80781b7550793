"""A workspace with two small rules of its own, and the command line run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ipclint.cli.main import run
from tests.engine.conftest import DOOR, MODELS, SHOUT, write

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"
FILES: dict[str, str | bytes] = {
    "ipclint.toml": 'rules = ["own"]\nselect = ["demo", "ipclint"]\n',
    "own/demo/shouting.md": SHOUT,
    "own/demo/open-door.md": DOOR,
    "own/models/demo.toml": MODELS,
    "App/A.swift": LOUD,
}


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Said]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace, which is also the current folder."""
    root = write(tmp_path / "work", FILES)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def cli(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Cli:
    """Runs `ipclint` with these arguments."""
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("IPCLINT_CACHE_DIR", str(cache))
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def call(*arguments: str) -> Said:
        code = run(arguments)
        out, err = capsys.readouterr()
        return Said(code, str(out), str(err))

    return call
