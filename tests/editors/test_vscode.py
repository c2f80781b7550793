"""What the VS Code extension says about ipclint must be what ipclint is: settings, schema, versions, pinned packages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from ipclint import __version__
from ipclint.engine.config import schema
from ipclint.lsp.settings import Settings

REPOSITORY = Path(__file__).parents[2]
EXTENSION = REPOSITORY / "vscode-extension"
SCHEMA = EXTENSION / "schemas" / "ipclint.schema.json"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads((EXTENSION / "package.json").read_text())


def test_the_schema_is_the_one_of_the_engine() -> None:
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(schema())), "run `make schema`"
    jsonschema.Draft202012Validator.check_schema(schema())


def accepts(text: str) -> bool:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).is_valid(tomllib.loads(text))


def test_the_schema_takes_a_configuration_and_refuses_mistakes() -> None:
    good = 'profile = "strict"\nbaseline = "b.json"\n[severity]\nxpc = "high"\n[[per-path]]\npaths = ["Demo/"]\nignore = ["log"]\n'
    assert accepts(good)
    for bad in (
        'profile = "stric"',
        "profil = 1",
        "jobs = -1",
        "[[per-path]]\nignore = []",
        '[severity]\nxpc = "loud"',
    ):
        assert not accepts(bad), bad


def test_the_schema_is_contributed(manifest: dict[str, Any]) -> None:
    (contributed,) = manifest["contributes"]["tomlValidation"]
    assert contributed["fileMatch"] == "ipclint.toml"
    assert (EXTENSION / contributed["url"]).resolve() == SCHEMA


def test_the_server_knows_every_setting_that_is_told_to_it(manifest: dict[str, Any]) -> None:
    shown = manifest["contributes"]["configuration"]["properties"]
    of_the_client = {"enable", "interpreter", "command", "trace.server"}
    told = {name.removeprefix("ipclint."): each for name, each in shown.items()}
    fields = {field.encode_name: field for field in msgspec.structs.fields(Settings)}
    assert told.keys() - of_the_client == fields.keys()
    assert {name: told[name]["default"] for name in fields} == {name: field.default for name, field in fields.items()}


def test_one_version(manifest: dict[str, Any]) -> None:
    assert manifest["version"] == __version__


def test_what_travels_with_the_server_is_what_it_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["fast"]]
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (EXTENSION / "server" / "requirements.in").read_text(), re.MULTILINE))
    locked = dict(
        re.findall(r"^([\w-]+)==(\S+)", (EXTENSION / "server" / "requirements.txt").read_text(), re.MULTILINE)
    )
    assert pinned.keys() == {re.split(r"[<>=!~]", each)[0] for each in asked}
    assert pinned.items() <= locked.items(), "run `npm run lock` in vscode-extension"
    for each in asked:
        if exact := re.fullmatch(r"([\w-]+)==([\w.]+)", each):
            assert pinned[exact[1]] == exact[2], each


def launch(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Starts the launcher of the package in a folder as the extension does."""
    shutil.copy(EXTENSION / "server" / "launch.py", folder)
    command = [sys.executable, "-I", "-S", str(folder / "launch.py"), "server"]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, cwd=folder)


def test_the_server_sees_nothing_but_what_came_with_it(tmp_path: Path) -> None:
    own, compiled = tmp_path / "lib" / "ipclint", tmp_path / f"cp{sys.version_info[0]}{sys.version_info[1]}"
    own.mkdir(parents=True)
    compiled.mkdir()
    (own / "__init__.py").touch()
    (own / "__main__.py").write_text("def main():\n    import sys\n    print(*sys.path, sep='\\n')\n    return 1\n")
    (tmp_path / "evil").mkdir()
    done = launch(tmp_path, PYTHONPATH=str(tmp_path / "evil"), IPCLINT_BYTECODE=str(tmp_path / "bytecode"))
    assert done.returncode == 1, done.stderr
    path = done.stdout.splitlines()
    assert path[:2] == [str(tmp_path / "lib"), str(compiled)]
    assert not [each for each in path if each in ("", str(tmp_path), str(tmp_path / "evil")) or "site-packages" in each]
    assert not list(own.glob("__pycache__"))


def test_a_python_without_libraries_is_told(tmp_path: Path) -> None:
    (tmp_path / "cp398").mkdir()
    (tmp_path / "cp399").mkdir()
    done = launch(tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("ipclint: this package is for Python 3.98, 3.99, and ")


def test_every_picture_and_page_of_the_walkthrough_is_there(manifest: dict[str, Any]) -> None:
    steps = manifest["contributes"]["walkthroughs"][0]["steps"]
    media = [path for step in steps for kind, path in step["media"].items() if kind != "altText"]
    assert [path for path in media if not (EXTENSION / path).is_file()] == []
