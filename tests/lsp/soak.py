"""A long day in an editor, seeded: what the client shows at any pause is what a fresh server says of the same files.

    python -m tests.lsp.soak [--steps 10000] [--seed 1] [--every 50]

Opens, types, saves, closes, writes behind the editor's back, renames and deletes files and folders, changes the
configuration and the settings, applies fixes; over the wire, in bursts, while the server indexes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lsprotocol import converters, types

from ipclint.lsp.analysis import Analysis
from ipclint.lsp.client import Client
from ipclint.lsp.convert import Positions
from ipclint.lsp.events import FoldersChanged, Opened
from ipclint.lsp.publishing import Publisher
from ipclint.lsp.settings import parse_settings

from .material import CONFIGURATIONS, NAMES, PIECES, SNIPPETS
from .wire import Process

CAPABILITIES = {
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True, "dataSupport": True},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
    },
    "workspace": {"configuration": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
}
WORKSPACE = Path(__file__).parent / "workspace"
SETTINGS: tuple[dict[str, Any], ...] = ({}, {"profile": "strict"}, {"profile": "pedantic"}, {})

GROWTH = 1.15
"""How much more memory a server may hold at the end of a day than after its first quarter."""

Shown = dict[str, list[Any]]  # uri → diagnostics as they go over the wire, for those that have some


class Desk(Process):
    """A client that keeps what it is shown, answers what it is asked, and knows when the server has come to rest."""

    def __init__(self, environment: dict[str, str], folders: list[Path]) -> None:
        super().__init__(environment)
        self.shown: Shown = {}
        self.settings: dict[str, Any] = {}
        self.log: deque[str] = deque(maxlen=500)  # what was done, and what came back
        self._bars: set[Any] = set()  # begun and not ended
        named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        self.request(
            "initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES, "workspaceFolders": named}
        )
        self.notify("initialized", {})

    def receive(self) -> dict[str, Any]:
        message = super().receive()
        params = message.get("params") or {}
        if message.get("method") == "textDocument/publishDiagnostics":
            self.shown[params["uri"]] = params["diagnostics"]
            self.log.append(f"shown {params['uri']} {params.get('version')} {len(params['diagnostics'])}")
        elif message.get("method") == "window/workDoneProgress/create":
            self._bars.add(params["token"])
        elif message.get("method") == "$/progress" and params["value"]["kind"] == "end":
            self._bars.discard(params["token"])
        if "id" in message and "method" in message:
            result = [self.settings] if message["method"] == "workspace/configuration" else None
            self.send(id=message["id"], result=result)
        return message

    def rest(self) -> Shown:
        """What is shown once the server has dealt with everything so far."""
        for _ in range(3):  # a settled event may start an index, which says so a turn later
            self.request("textDocument/hover", at("file:///nowhere/A.swift", 0, 0))
            while self._bars:
                self.receive()
        return {uri: diagnostics for uri, diagnostics in self.shown.items() if diagnostics}

    def memory(self) -> int:
        """KiB that the server holds now; 0 where that cannot be told."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else ()
        return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def at(uri: str, line: int, character: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


class Day:
    """What is on disk and in the editor. Every method named `do_…` is something that may happen."""

    def __init__(self, scratch: Path, environment: dict[str, str], seed: int) -> None:
        self.chance = random.Random(seed)
        self.roots = [scratch / "first", scratch / "second"]
        self.folders = [self.roots[0]]  # that the client has open
        self.buffers: dict[str, str] = {}  # uri → text of open documents, in the order in which they were opened
        self.versions: dict[str, int] = {}
        for root in self.roots:
            shutil.copytree(WORKSPACE, root)
            for name in self.chance.sample(NAMES, 8):
                self._write(root / name, self._text(name))
        self.desk = Desk(environment, self.folders)
        self.deeds = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("do_")]
        self.weights = [WEIGHTS.get(deed.__name__, 2) for deed in self.deeds]

    def step(self) -> None:
        deed: Callable[[], object] = self.chance.choices(self.deeds, self.weights)[0]
        said = deed()
        self.desk.log.append(f"{deed.__name__} {said or ''}")

    # ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────

    def do_open(self) -> str:
        uri = self.chance.choice(["untitled:Untitled-1", *(path.as_uri() for path in self._places())])
        if uri in self.buffers:
            return ""
        file = self._file(uri)
        there = file is not None and file.is_file()
        self._open(uri, file.read_text() if there and file else self._text(uri))
        return uri

    def do_type(self) -> str:
        if not self.buffers:
            return ""
        uri = self.chance.choice(list(self.buffers))
        changes: list[dict[str, Any]] = []
        for _ in range(self.chance.choice((1, 1, 1, 2, 4))):
            start, end, piece = self._edit(self.buffers[uri])
            changes.append(self._replace(uri, start, end, piece))
        self._changed(uri, changes)
        return f"{uri} {changes}"

    def do_replace_all(self) -> str:
        if not self.buffers:
            return ""
        uri = self.chance.choice(list(self.buffers))
        self.buffers[uri] = self._text(uri)
        self._changed(uri, [{"text": self.buffers[uri]}])
        return uri

    def do_save(self) -> str:
        uri = self._open_file()
        if uri:
            file = self._file(uri)
            assert file is not None
            self._write(file, self.buffers[uri])
            self.desk.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            self._on_disk(2, file)
        return uri

    def do_close(self) -> str:
        if not self.buffers:
            return ""
        uri = self.chance.choice(list(self.buffers))
        self._close(uri)
        return uri

    def do_fix(self) -> str:
        """Asks what can be done and does it: all edits of one action that concern open documents."""
        if not self.buffers:
            return ""
        uri = self.chance.choice(list(self.buffers))
        everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 10_000, "character": 0}}
        asked = {"textDocument": {"uri": uri}, "range": everywhere, "context": {"diagnostics": [], "triggerKind": 1}}
        actions = self.desk.request("textDocument/codeAction", asked)
        if not actions:
            return ""
        action = self.chance.choice(actions)
        for change in action["edit"].get("documentChanges", ()):
            target = change.get("textDocument", {}).get("uri")
            if target not in self.buffers:
                continue
            assert change["textDocument"]["version"] == self.versions[target]
            changes = [
                self._replace(
                    target,
                    self._index(target, each["range"]["start"]),
                    self._index(target, each["range"]["end"]),
                    each["newText"],
                )
                for each in sorted(
                    change["edits"], key=lambda each: tuple(each["range"]["start"].values()), reverse=True
                )
            ]
            self._changed(target, changes)
        return f"{uri} {action['title']}"

    def do_look(self) -> str:
        if not self.buffers:
            return ""
        uri = self.chance.choice(list(self.buffers))
        line = self.chance.randint(0, 30)
        self.desk.ask(self.chance.choice(("textDocument/hover", "textDocument/completion")), at(uri, line, 5))
        return uri

    # ── the disk ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def do_write(self) -> str:
        file = self.chance.choice(self._places())
        kind = 2 if file.exists() else 1
        self._write(file, self._text(file.name))
        self._on_disk(kind, file)
        return str(file)

    def do_delete(self) -> str:
        files = [file for file in self._places() if file.is_file()]
        if not files:
            return ""
        file = self.chance.choice(files)
        file.unlink()
        if self.chance.random() < 0.5:
            self._on_disk(3, file)
        else:
            self.desk.notify("workspace/didDeleteFiles", {"files": [{"uri": file.as_uri()}]})
        return str(file)

    def do_rename(self) -> str:
        files = [file for file in self._places() if file.is_file()]
        others = [file for file in self._places() if not file.exists()]
        if not files or not others:
            return ""
        old, new = self.chance.choice(files), self.chance.choice(others)
        self._moved(old, new)
        return f"{old} -> {new}"

    def do_rename_folder(self) -> str:
        root = self.chance.choice(self.roots)
        names = ["Sub", "Other"]
        self.chance.shuffle(names)
        old, new = root / names[0], root / names[1]
        if not old.exists() or new.exists():
            return ""
        self._moved(old, new)
        return f"{old} -> {new}"

    def do_configure(self) -> str:
        file = self.chance.choice(self.roots) / "ipclint.toml"
        file.write_text(self.chance.choice(CONFIGURATIONS))
        self._on_disk(2, file)
        return file.read_text()

    def do_settings(self) -> str:
        self.desk.settings = self.chance.choice(SETTINGS)
        self.desk.notify("workspace/didChangeConfiguration", {"settings": None})
        return str(self.desk.settings)

    def do_folders(self) -> str:
        second = self.roots[1]
        here = second in self.folders
        folder = [{"uri": second.as_uri(), "name": "second"}]
        event = {"added": [] if here else folder, "removed": folder if here else []}
        self.desk.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        (self.folders.remove if here else self.folders.append)(second)
        return "removed" if here else "added"

    def do_pause(self) -> None:
        self.desk.request("textDocument/hover", at("file:///nowhere/A.swift", 0, 0))

    # ── how ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _places(self) -> list[Path]:
        return [root / name for root in self.roots for name in NAMES]

    def _file(self, uri: str) -> Path | None:
        return next((file for file in self._places() if file.as_uri() == uri), None)

    def _open_file(self) -> str:
        files = [uri for uri in self.buffers if self._file(uri) is not None]
        return self.chance.choice(files) if files else ""

    def _text(self, name: str) -> str:
        pieces = PIECES.get(name.rpartition(".")[2], PIECES["swift"])
        return "".join(self.chance.choice(variants) for variants in pieces)

    def _write(self, file: Path, text: str) -> None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def _on_disk(self, kind: int, *files: Path) -> None:
        changes = [{"uri": file.as_uri(), "type": kind} for file in files]
        self.desk.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def _moved(self, old: Path, new: Path) -> None:
        """As editors do it: moved on disk, the open documents closed and opened anew, and then told of."""
        new.parent.mkdir(exist_ok=True)
        old.rename(new)
        for uri in [uri for uri in self.buffers if uri == old.as_uri() or uri.startswith(f"{old.as_uri()}/")]:
            text = self.buffers[uri]
            self._close(uri)
            self._open(uri.replace(old.as_uri(), new.as_uri()), text)
        if self.chance.random() < 0.5:
            files = [{"oldUri": old.as_uri(), "newUri": new.as_uri()}]
            self.desk.notify("workspace/didRenameFiles", {"files": files})
        else:
            self._on_disk(3, old)
            self._on_disk(1, new)

    def _open(self, uri: str, text: str) -> None:
        if uri in self.buffers:
            self._close(uri)
        self.buffers[uri], self.versions[uri] = text, 1
        self.desk.open(uri, text)

    def _close(self, uri: str) -> None:
        del self.buffers[uri]
        self.desk.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _edit(self, text: str) -> tuple[int, int, str]:
        start = self.chance.randint(0, len(text))
        lines = [number for number, letter in enumerate(text) if letter == "\n"]
        if lines and self.chance.random() < 0.4:
            start = self.chance.choice(lines) + 1
        end = min(len(text), start + self.chance.choice((0, 0, 0, 1, 2, 8, 60)))
        copied = self.chance.randint(0, len(text))
        return start, end, self.chance.choice(("", *SNIPPETS, text[copied : copied + 40]))

    def _replace(self, uri: str, start: int, end: int, piece: str) -> dict[str, Any]:
        text = self.buffers[uri]
        self.buffers[uri] = text[:start] + piece + text[end:]
        return {"range": {"start": position(text, start), "end": position(text, end)}, "text": piece}

    def _changed(self, uri: str, changes: list[dict[str, Any]]) -> None:
        self.versions[uri] += 1
        self.desk.change(uri, self.versions[uri], *changes)

    def _index(self, uri: str, place: dict[str, int]) -> int:
        text = self.buffers[uri]
        start = 0
        for _ in range(place["line"]):
            start = text.index("\n", start) + 1
        return start + len(text[start:].encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le"))

    # ── the judge ────────────────────────────────────────────────────────────────────────────────────────────────────

    def fresh(self) -> Shown:
        """What a server shows that is started now, with the documents that are open."""
        shown: Shown = {}
        converter = converters.get_converter()

        def publish(params: types.PublishDiagnosticsParams) -> None:
            shown[params.uri] = converter.unstructure(params)["diagnostics"]

        client = Client.of(converter.structure(CAPABILITIES, types.ClientCapabilities))
        settings, _ = parse_settings(self.desk.settings)
        analysis, publisher = Analysis(client, settings, lambda text: None), Publisher(publish, False, Positions())
        analysis.tell(FoldersChanged(tuple(folder.as_uri() for folder in self.folders), ()))
        for uri, text in self.buffers.items():
            publisher.opened(uri, self.versions[uri])
            analysis.tell(Opened(types.TextDocumentItem(uri, "swift", self.versions[uri], text)))
        publisher.show(analysis.settle())
        for folder in analysis.take_waiting():
            for updates in analysis.index(folder, lambda step: True):
                publisher.show(updates)
        return {uri: diagnostics for uri, diagnostics in shown.items() if diagnostics}

    def check(self) -> None:
        """Raises AssertionError when the client shows something else than it would after a restart."""
        shown, wanted = self.desk.rest(), self.fresh()
        for uri in sorted({*shown, *wanted}):
            assert shown.get(uri) == wanted.get(uri), self._story(uri, shown.get(uri), wanted.get(uri))

    def _story(self, uri: str, shown: list[Any] | None, wanted: list[Any] | None) -> str:
        """What is shown and should not be (+), and the other way round (-), and how it came to that."""
        pairs = ("+", shown or [], wanted or []), ("-", wanted or [], shown or [])
        lines = [f"{sign} {each}" for sign, these, those in pairs for each in these if each not in those]
        done = [f"  {each:.150}" for each in self.desk.log if not each.startswith("shown") or uri in each]
        return "\n".join([uri, *lines, "done:", *done, "text:", self.buffers.get(uri, "(not open)")])


def position(text: str, index: int) -> dict[str, int]:
    row = text[text.rfind("\n", 0, index) + 1 : index]
    return {"line": text.count("\n", 0, index), "character": len(row.encode("utf-16-le")) // 2}


WEIGHTS = {"do_type": 30, "do_open": 6, "do_save": 4, "do_pause": 3, "do_folders": 1, "do_configure": 1}


def soak(scratch: Path, environment: dict[str, str], steps: int, seed: int, every: int) -> Iterator[tuple[int, int]]:
    """Lives through so many steps. Yields (step, KiB of the server) after each check."""
    day = Day(scratch, environment, seed)
    try:
        for number in range(1, steps + 1):
            day.step()
            if number % every == 0 or number == steps:
                day.check()
                yield number, day.desk.memory()
        assert day.desk.leave() == 0
        assert day.desk.process.stderr is not None
        log = day.desk.process.stderr.read().decode()
        assert "Traceback" not in log, log
    finally:
        day.desk.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=50, help="steps between two comparisons with a fresh server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["IPCLINT_CACHE_DIR"] = str(Path(scratch) / "cache")
        server = Path(__file__).parents[2] / "server"
        environment = os.environ | {"PYTHONPATH": str(server)}
        settled = 0  # KiB after a quarter of the steps
        try:
            memory = 0
            for step, memory in soak(Path(scratch), environment, options.steps, options.seed, options.every):
                print(f"{step:7} steps  {memory // 1024:5} MiB", flush=True)
                settled = memory if step <= options.steps // 4 else settled
            assert memory <= settled * GROWTH, f"memory grew from {settled} to {memory} KiB"
        except AssertionError as error:
            sys.exit(f"seed {options.seed}: {error}")


if __name__ == "__main__":
    main()
