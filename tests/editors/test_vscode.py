"""What the VS Code extension says about ipclint must be what ipclint is: settings, schema, versions, pinned packages."""

from __future__ import annotations

import json
import re
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


def test_every_picture_and_page_of_the_walkthrough_is_there(manifest: dict[str, Any]) -> None:
    steps = manifest["contributes"]["walkthroughs"][0]["steps"]
    media = [path for step in steps for kind, path in step["media"].items() if kind != "altText"]
    assert [path for path in media if not (EXTENSION / path).is_file()] == []
