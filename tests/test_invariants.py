"""Invariants of the house that are not about one package: who imports whom, what is loaded, what is touched.

The numbers are those of docs/architecture.md. 4 and 5 are also held by tests/readers and tests/lsp, 8 by tests/rules.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.batch import Reader
from ipclint.engine.config import Config
from ipclint.engine.prefilter import LATE
from ipclint.engine.result import collect
from ipclint.engine.rules import rulebook
from ipclint.engine.session import Session
from ipclint.engine.store import Store
from ipclint.engine.triggers import SURFACE, trigger_words
from tests.engine.conftest import write

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "server" / "ipclint"

HELPER = """
import Foundation
final class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        guard isAllowed(connection) else { return false }
        connection.resume()
        return true
    }
}
"""
MAIN = 'import Foundation\nlet delegate = Delegate()\nlet listener = NSXPCListener(machServiceName: "com.example.helper")\nlistener.delegate = delegate\nlistener.resume()\n'
FILES: dict[str, str | bytes] = {
    "Helper/Delegate.swift": HELPER,
    "Helper/main.swift": MAIN,
    "Helper/Checks.swift": "import Foundation\nfunc isAllowed(_ connection: NSXPCConnection) -> Bool {\n    return isKnown(connection)\n}\n",
    "Helper/Known.swift": "func isKnown(_ peer: AnyObject) -> Bool {\n    return true\n}\n",  # read when it is asked for
    "App/Board.m": "#import <UIKit/UIKit.h>\nvoid copy(NSString *password) {\n    [UIPasteboard generalPasteboard].string = password;\n}\n",
    "App/Info.plist": "<plist><dict></dict></plist>",
    **{f"App/Other{number}.swift": f"func other{number}() {{ print({number}) }}\n" for number in range(40)},
}


def test_1_2_3_the_floors_hold() -> None:
    """1: facts are the only bridge between readers and checks. 2: only lsp imports pygls. 3: no I/O below the engine."""
    pytest.importorskip("importlinter")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "server")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def loaded_by(cache: Path, *arguments: str) -> set[str]:
    """The modules that a run of the command line loads, the rulebook being compiled."""
    code = f"import sys; from ipclint.cli.main import run; run({arguments!r}); print(*sys.modules, file=sys.stderr)"
    env = os.environ | {"PYTHONPATH": str(ROOT / "server"), "IPCLINT_CACHE_DIR": str(cache)}
    subprocess.run([sys.executable, "-m", "ipclint", "rules"], env=env, capture_output=True, check=True)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_2_check_never_loads_the_server_nor_what_it_does_not_need(tmp_path: Path) -> None:
    root, cache = write(tmp_path / "work", FILES), tmp_path / "cache"
    loaded = loaded_by(cache, "check", str(root))
    unwanted = {"pygls", "lsprotocol", "cattrs", "asyncio", "rich", "ipclint.lsp", "multiprocessing", "difflib"}
    assert loaded & unwanted == set()
    assert "tree_sitter_swift" in loaded and "tree_sitter_objc" in loaded
    loaded = loaded_by(cache, "check", str(root / "App" / "Other1.swift"))
    assert "tree_sitter_objc" not in loaded
    assert not {name for name in loaded if name.startswith(("ipclint.checks.plan", "ipclint.checks.trace"))}


def test_3_values_below_the_engine_are_not_opened() -> None:
    """`open` and `input` are built in, so that import-linter cannot see them."""
    for package in ("model", "readers", "program", "checks"):
        for file in (PACKAGE / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in ("open", "input", "print", "exec", "eval", "__import__"), (
                        file,
                        node.lineno,
                    )


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    return rulebook((), Store(None))


def said(root: Path, book: Rulebook, *, jobs: int = 1, store: Path | None = None, backwards: bool = False) -> bytes:
    """What a whole check says, encoded."""
    session = Session(root, Config(profile="pedantic", jobs=jobs), book, store)
    survey = session.survey()
    if backwards:
        survey.recalled.rest.reverse()
    for _ in session.index(survey):
        pass
    return msgspec.msgpack.encode(collect(session))


def test_6_same_input_same_bytes(tmp_path: Path, shipped: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the number of workers, the order of files, and the state of the cache."""
    root, cache = write(tmp_path / "work", FILES), tmp_path / "cache"
    first = said(root, shipped)
    assert b"listener-accepts-unverified-peer" in first and b"secret-on-general-pasteboard" in first
    assert said(root, shipped, backwards=True) == first
    assert said(root, shipped, store=cache) == first
    assert said(root, shipped, store=cache) == first  # from a warm cache
    damaged = sorted(path for path in cache.rglob("*") if path.is_file())[::2]
    for path in damaged:
        path.write_bytes(b"damaged")
    assert damaged and said(root, shipped, store=cache) == first
    monkeypatch.setattr("ipclint.engine.batch.POOL_PAYS", -1.0)
    monkeypatch.setattr("ipclint.engine.batch.CHUNK_BYTES", 1)
    monkeypatch.setattr("ipclint.engine.session.READ_AHEAD", 1)
    begin, begun = Reader.begin, list[bool]()
    monkeypatch.setattr(Reader, "begin", lambda self, files: begun.append(begin(self, files)) or begun[-1])
    assert said(root, shipped, jobs=3) == first
    assert any(begun)  # files that the check turned out to need were read while it went on


def test_6_reading_more_files_changes_nothing(
    tmp_path: Path, shipped: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The glance and the demand for further files save time; the report is that of a run which reads everything."""
    root = write(tmp_path / "work", FILES)
    first = said(root, shipped)
    read = Reader.read
    monkeypatch.setattr(Reader, "read", lambda self, files: read(self, [file._replace(whole=True) for file in files]))
    assert said(root, shipped) == first


def test_6_the_program_looks_for_no_word_that_the_glance_leaves_out(shipped: Rulebook) -> None:
    """Every literal word that `Program.mentioning` is asked for is one that makes a file be read, at once or then."""
    asked: set[str] = set()
    for package in ("program", "checks"):
        for file in (PACKAGE / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "mentioning"
                ):
                    asked |= {str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)}
    asked -= {"daemon", "daemonServiceWithPlistName"}  # members of SMAppService, which stands beside them
    asked -= LATE | trigger_words(shipped)
    starts = tuple(word[:-1] for word in SURFACE if word.endswith("*"))
    assert asked
    assert {word for word in asked if word not in SURFACE and not word.startswith(starts)} == set()


def test_9_a_workspace_is_neither_executed_nor_written_nor_left(tmp_path: Path) -> None:
    """Everything that Python could take from the workspace, and every link out of it, is there; nothing of it is used."""
    trap = "import pathlib\npathlib.Path(__file__).with_name('RAN').touch()\n"
    names = ("sitecustomize", "conftest", "ipclint", "msgspec", "json", "tree_sitter", "setup", "own/demo/x")
    root = write(
        tmp_path / "work",
        {**FILES, **{f"{name}.py": trap for name in names}, "Package.swift": 'import Darwin\nsystem("touch RAN")\n'},
    )
    write(
        tmp_path, {"secret/Secret.swift": "func secret(password: String) { UIPasteboard.general.string = password }\n"}
    )
    (root / "Linked.swift").symlink_to(tmp_path / "secret" / "Secret.swift")
    (root / "linked").symlink_to(tmp_path / "secret")
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    env = os.environ | {"PYTHONPATH": str(ROOT / "server"), "IPCLINT_CACHE_DIR": str(tmp_path / "cache")}
    for arguments in (
        ("check", "."),
        ("check", "--diff", "."),
        ("check", "--format", "sarif", "."),
        ("explain", "XPC101"),
    ):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ipclint", *arguments],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert "ecret.swift" not in done.stdout
    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before


def test_6_a_rulebook_compiles_to_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib; from ipclint.checks.rulebook import compile_rulebook; from ipclint.engine.rules import *;"
        "print(hashlib.sha1(compile_rulebook(parse_folders((shipped_rules(),)))).hexdigest())"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT / "server")}
    runs = (
        subprocess.run(
            [sys.executable, "-c", code], env=env | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in ("1", "2")
    )
    assert len({done.stdout for done in runs}) == 1


def test_6_a_second_run_recalls_the_first(tmp_path: Path) -> None:
    """With a warm cache and nothing changed, no file is searched, parsed or checked again."""
    root = write(tmp_path / "work", FILES)
    env = os.environ | {"PYTHONPATH": str(ROOT / "server"), "IPCLINT_CACHE_DIR": str(tmp_path / "cache")}
    code = f"import sys; from ipclint.cli.main import run; run(['check', {str(root)!r}]); print(*sys.modules, file=sys.stderr)"
    first, second = (
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert first.stdout == second.stdout
    assert "tree_sitter_swift" in first.stderr.split() and "tree_sitter_swift" not in second.stderr.split()
