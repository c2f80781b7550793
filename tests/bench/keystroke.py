"""From a keystroke to its diagnostics, over a real pipe: this server, and ast-grep's beside it in the same run.

    python tests/bench/keystroke.py [--lines 200 2000 11000] [--edits 300] [--workspace DIR] [--ast-grep ast-grep]

Types statements into a function in the middle of a Swift file, as in an editor that closes brackets and quotes itself,
and waits after each keystroke for the diagnostics of that very version. Without --workspace the file stands among
twenty others. ast-grep gets one rule for each API name that this tool looks for. `start` is from the start of the process
to the first diagnostics of the open file, while the workspace is not indexed yet; `MiB` is the memory at the end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SERVER = Path(__file__).parents[2] / "server"
sys.path.insert(0, str(SERVER))

TYPED = 'let copied = defaults?.string(forKey: "name😀")\n_ = copied.map { handler(Data($0.utf8)) } // until 😀\n'
CLOSED = {"(": ")", '"': '"', "{": "}", "[": "]"}

CLASS = """
/// Keeps what the helper number {n} is told, and hands it on.
final class Helper{n}: NSObject, HelperProtocol{n} {{
    private let defaults = UserDefaults(suiteName: "group.com.example.shared{n}")
    private var handlers: [String: (Data) -> Void] = [:]
{listener}
    func store(_ data: Data, named name: String, reply: @escaping (Bool) -> Void) {{
        guard !name.isEmpty, let handler = handlers[name] else {{
            reply(false)
            return
        }}
        for index in 0 ..< data.count where data[index] == 0 {{
            handler(data.subdata(in: 0 ..< index))
        }}
        defaults?.set(name, forKey: "last")
        reply(true)
    }}

    func title(for item: Item) -> String {{
        switch item.kind {{
        case .folder(let count): return "\\(item.name) (\\(count))"
        case .file where item.size > 1_000: return item.name.uppercased()
        default: return item.name
        }}
    }}
}}
"""

LISTENER = """
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {{
        connection.exportedInterface = NSXPCInterface(with: HelperProtocol{n}.self)
        connection.exportedObject = self
        connection.resume()
        return true
    }}
"""


def swift(lines: int, seed: int = 0) -> str:
    """A Swift file of about so many lines, with a class that listens in every 200."""
    text = ["import Foundation\n"]
    count = 0
    while count < lines:
        number = f"{seed}x{len(text)}"
        listener = LISTENER.format(n=number) if len(text) % 8 == 1 else ""
        text.append(CLASS.format(n=number, listener=listener))
        count += text[-1].count("\n")
    return "".join(text)


class Pipe:
    """A server behind its standard streams. Reads as it waits: no thread, no loop that would be measured too."""

    def __init__(self, command: list[str], root: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, env=environment
        )
        folder = {"uri": root.as_uri(), "name": root.name}
        diagnostics = {"relatedInformation": True, "versionSupport": True}
        capabilities = {"textDocument": {"publishDiagnostics": diagnostics}, "window": {"workDoneProgress": True}}
        start = {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": capabilities}
        self.send(id=1, method="initialize", params={**start, "workspaceFolders": [folder]})
        answer = next(message for message in self.messages() if message.get("id") == 1)
        sync = answer["result"]["capabilities"]["textDocumentSync"]
        self.incremental = (sync["change"] if isinstance(sync, dict) else sync) == 2
        self.send(method="initialized", params={})

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def messages(self) -> Iterator[dict[str, Any]]:
        out = self.process.stdout
        assert out is not None
        while header := out.readline():
            while (line := out.readline()).strip():
                header = line if line.lower().startswith(b"content-length") else header
            message = json.loads(out.read(int(header.partition(b":")[2])))
            if "method" in message and "id" in message:
                self.send(id=message["id"], result=None)
            yield message

    def indexed(self) -> None:
        """Waits for the end of the progress that this tool's server shows while it reads the workspace."""
        for message in self.messages():
            if message.get("method") == "$/progress" and message["params"]["value"]["kind"] == "end":
                return

    def diagnostics(self, uri: str, version: int) -> int:
        """Waits for the diagnostics of a version; how many there are."""
        for message in self.messages():
            params = message.get("params") or {}
            shown = message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri
            if shown and params.get("version") == version:
                return len(params["diagnostics"])
        raise SystemExit(f"{self.process.args!r} ended")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def memory(self) -> float:
        """MiB that the server holds now; 0 where that cannot be told."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else ()
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def typing(at: int) -> Iterator[tuple[int, str]]:
    """Where each keystroke puts what, for ever. A closing bracket that stands there already is typed over."""
    closers: list[str] = []
    for key in itertools.cycle(TYPED):
        if closers and key == closers[-1]:
            closers.pop()
            at += 1
            continue
        typed = key + CLOSED.get(key, "") if key != "\n" else "\n        "
        yield at, typed
        closers += typed[1:] if key in CLOSED else ""
        at += 1 if key in CLOSED else len(typed)


def keystrokes(pipe: Pipe, file: Path, text: str, edits: int) -> tuple[list[float], float, int]:
    """Milliseconds from each keystroke to its diagnostics; milliseconds to the first ones; how many there are."""
    uri = file.as_uri()
    middle = text.index("defaults?.set", len(text) // 2)
    text = f"{text[:middle]}\n        {text[middle:]}"
    start = time.perf_counter()
    document = {"uri": uri, "languageId": "swift", "version": 0, "text": text}
    pipe.send(method="textDocument/didOpen", params={"textDocument": document})
    count = pipe.diagnostics(uri, 0)
    first = 1000 * (time.perf_counter() - start)
    taken: list[float] = []
    for version, (at, typed) in enumerate(itertools.islice(typing(middle), edits), 1):
        change: dict[str, Any] = {"text": text[:at] + typed + text[at:]}
        if pipe.incremental:
            row = text[text.rfind("\n", 0, at) + 1 : at]
            here = {"line": text.count("\n", 0, at), "character": len(row.encode("utf-16-le")) // 2}
            change = {"range": {"start": here, "end": here}, "text": typed}
        text = text[:at] + typed + text[at:]
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
        start = time.perf_counter()
        pipe.send(method="textDocument/didChange", params=params)
        pipe.diagnostics(uri, version)
        taken.append(1000 * (time.perf_counter() - start))
        time.sleep(0.002)
    return taken, first, count


def ast_grep_rules(folder: Path) -> Path:
    """A configuration with one rule for each API name that this tool looks for."""
    from ipclint.engine.rules import rulebook
    from ipclint.engine.store import Store
    from ipclint.engine.triggers import trigger_words

    names = sorted(word for word in trigger_words(rulebook((), Store(None))) if word.isidentifier())
    (folder / "rules").mkdir()
    for name in names:
        rule = {
            "id": name,
            "language": "swift",
            "message": name,
            "rule": {"kind": "simple_identifier", "regex": f"^{name}$"},
        }
        (folder / "rules" / f"{name}.yml").write_text(json.dumps(rule))
    (folder / "sgconfig.yml").write_text('ruleDirs: ["rules"]\n')
    return folder / "sgconfig.yml"


class Measured(NamedTuple):
    """Times in milliseconds. `first`: from opening the file in a workspace that is indexed; `start`: from nothing."""

    median: float
    p99: float
    first: float
    start: float
    memory: float  # MiB
    reports: int


def started(command: list[str], root: Path, file: Path, text: str, environment: dict[str, str]) -> float:
    """Milliseconds from the start of the process to the first diagnostics of an open file."""
    start = time.perf_counter()
    pipe = Pipe(command, root, environment)
    try:
        document = {"uri": file.as_uri(), "languageId": "swift", "version": 0, "text": text}
        pipe.send(method="textDocument/didOpen", params={"textDocument": document})
        pipe.diagnostics(file.as_uri(), 0)
        return 1000 * (time.perf_counter() - start)
    finally:
        pipe.end()


def measure(command: list[str], root: Path, lines: int, edits: int) -> Measured:
    environment = os.environ | {"PYTHONPATH": str(SERVER), "IPCLINT_CACHE_DIR": str(root.parent / "cache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    file = root / "Typed.swift"
    text = swift(lines)
    file.write_text(text)
    start = started(command, root, file, text, environment)
    pipe = Pipe(command, root, environment)
    try:
        if "ipclint" in command:
            pipe.indexed()
        else:
            time.sleep(3)
        taken, first, count = keystrokes(pipe, file, text, edits)
        memory = pipe.memory()
    finally:
        pipe.end()
        file.unlink()
    p99 = statistics.quantiles(taken, n=100)[98]
    return Measured(statistics.median(taken), p99, first, start, memory, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[200, 2_000, 11_000])
    parser.add_argument("--edits", type=int, default=300)
    parser.add_argument("--workspace", type=Path, help="measure in a copy of this workspace, indexed first")
    parser.add_argument("--ast-grep", default=shutil.which("ast-grep") or "", help="its executable")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "workspace"
        if options.workspace:
            shutil.copytree(options.workspace, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        else:
            root.mkdir()
            for number in range(20):
                (root / f"F{number}.swift").write_text(swift(300, number))
        servers = {"ipclint": [sys.executable, "-m", "ipclint", "server"]}
        if options.ast_grep:
            rules = Path(scratch) / "ast-grep"
            rules.mkdir()
            servers["ast-grep"] = [options.ast_grep, "lsp", "-c", str(ast_grep_rules(rules))]
        heads = ("median ms", "p99 ms", "first ms", "start ms", "MiB", "reports")
        print(f"{'lines':>6} {'server':9} " + " ".join(f"{head:>9}" for head in heads))
        for lines in options.lines:
            medians: dict[str, float] = {}
            for name, command in servers.items():
                edits = options.edits if name == "ipclint" else min(options.edits, 100)
                *numbers, count = measured = measure(command, root, lines, edits)
                medians[name] = measured.median
                shown = " ".join(f"{number:9.1f}" for number in numbers)
                print(f"{lines:6} {name:9} {shown} {count:9}", flush=True)
            if len(medians) == 2:
                print(f"{lines:6} ratio     {medians['ipclint'] / medians['ast-grep']:9.3f}")


if __name__ == "__main__":
    main()
