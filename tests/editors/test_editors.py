"""The documented configurations in real editors. An editor that is not installed here is left out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
HOW = {
    "nvim": "pip install '.[editors]'",
    "emacs": "apt-get install emacs-nox elpa-eglot",
    "vim": "apt-get install vim vim-ale",
    "vim-lsp": "git clone https://github.com/prabirshrestha/vim-lsp, and its folder in VIM_LSP",
}
ALE = Path("/usr/share/vim-ale")  # where Debian's package puts it
VIM_LSP = Path(os.environ.get("VIM_LSP", "vim-lsp"))
LOUD = 'func f() {\n    let mood = "😀"; shout(mood)\n    shout(mood)\n}\n'


def documented(page: str, language: str) -> list[str]:
    """The pieces of configuration on a page of docs/editors."""
    text = (REPOSITORY / "docs" / "editors" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def editor(*names: str) -> str:
    """The path of an editor; the test is skipped where there is none."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for name in names:
        if found := shutil.which(name, path=beside):
            return found
    pytest.skip(f"{names[0]} is not installed; {HOW[names[0]]}")


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for all, so that the rules are compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPCLINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a rule, and `ipclint` on the PATH of what runs in it."""
    shutil.copytree(HERE.parent / "lsp" / "workspace", tmp_path / "workspace")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "ipclint"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY / "server"}" exec "{sys.executable}" -m ipclint "$@"\n')
    command.chmod(0o755)
    return tmp_path / "workspace"


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder.parent / "bin"), os.environ["PATH"]])
    variables = os.environ | {"PATH": path, "FOLDER": str(folder)}
    home = {"HOME": str(folder.parent), "XDG_CONFIG_HOME": str(folder.parent / "config")}
    return subprocess.run(
        command, cwd=folder, env=variables | home | environment, capture_output=True, text=True, timeout=60, check=False
    )


def neovim(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a Neovim that is configured as its page says."""
    nvim = editor("nvim")
    server, basics, on_save, marks = documented("neovim.md", "lua")
    config = folder.parent / "config" / "nvim"
    (config / "lsp").mkdir(parents=True)
    (config / "lsp" / "ipclint.lua").write_text(server)
    (config / "init.lua").write_text(basics + on_save + marks)
    start_up = ("--headless", "-i", "NONE", "-n", "-u", str(config / "init.lua"))
    return run(folder, nvim, *start_up, "-l", str(HERE / script), str(folder))


def test_neovim(folder: Path):
    (folder / "Neo.swift").write_text(LOUD)
    done = neovim(folder, "neovim.lua")
    assert done.returncode == 0, done.stdout + done.stderr


def test_neovim_at_a_trust_boundary(folder: Path):
    shutil.copytree(HERE.parent / "lsp" / "courier", folder, dirs_exist_ok=True)
    done = neovim(folder, "neovim_boundary.lua")
    assert done.returncode == 0, done.stdout + done.stderr


def test_emacs(folder: Path):
    emacs = editor("emacs")
    eglot, _ = documented("emacs.md", "elisp")
    (folder / "configuration.el").write_text(eglot)
    (folder / "Em.swift").write_text('func f() {\n    let mood = "😀"; shout(mood)\n}\n')
    done = run(folder, emacs, "-q", "--batch", "-l", str(HERE / "emacs.el"))
    if "Cannot open load file" in done.stderr:
        pytest.skip("this Emacs has no eglot")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "whisper(mood)" in (folder / "Em.swift").read_text()


def test_vim_with_ale(folder: Path):
    vim = editor("vim")
    if not ALE.is_dir() or "+job" not in run(folder, vim, "--version").stdout:
        pytest.skip(f"this Vim has no ALE, or is a small one; {HOW['vim']}")
    ale, _ = documented("vim.md", "vim")
    done = in_vim(folder, vim, ALE, ale, "ale.vim")
    assert done.returncode == 0, done.stdout + done.stderr


def test_vim_with_vim_lsp(folder: Path):
    vim = editor("vim")
    if not (VIM_LSP / "plugin").is_dir() or "+popupwin" not in run(folder, vim, "--version").stdout:
        pytest.skip(f"this Vim has no vim-lsp, or is a small one; {HOW['vim-lsp']}")
    _, vim_lsp = documented("vim.md", "vim")
    done = in_vim(folder, vim, VIM_LSP, vim_lsp, "vim_lsp.vim")
    assert done.returncode == 0, done.stdout + done.stderr


def in_vim(folder: Path, vim: str, plugin: Path, configured: str, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a Vim with a plugin that is configured as its page says."""
    configuration = folder.parent / "vimrc"
    configuration.write_text(f"set nocompatible\nset runtimepath^={plugin}\nfiletype plugin on\n{configured}")
    (folder / "Vi.swift").write_text(LOUD)
    return run(folder, vim, "-N", "-n", "-i", "NONE", "-es", "-u", str(configuration), "-S", str(HERE / script))


def test_the_build_phase_for_xcode_prints_what_xcode_reads(folder: Path):
    (folder / "A.swift").write_text(LOUD)
    [script] = documented("xcode.md", "sh")
    done = run(folder, "sh", "-c", script, SRCROOT=str(folder))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{folder}/A.swift:2:21: warning: This is heard by everyone [demo/no-shouting]"
    assert len(lines) == 2


@pytest.mark.parametrize("page", ["sublime.md", "zed.md"])
def test_what_is_json_is_json(page: str):
    for piece in documented(page, "json"):
        assert json.loads(piece)


def test_what_is_toml_is_toml():
    import tomllib

    for page in ("helix.md", "zed.md"):
        for piece in documented(page, "toml"):
            assert tomllib.loads(piece)
