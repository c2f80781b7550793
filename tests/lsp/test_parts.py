"""The server's parts on their own: worker, publisher, edits, settings, and an analysis that fails."""

from __future__ import annotations

import io
import json
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from lsprotocol import types

from ipclint.engine.report import Location, Report
from ipclint.lsp.actions import wanted
from ipclint.lsp.analysis import Analysis
from ipclint.lsp.client import Client
from ipclint.lsp.convert import Positions
from ipclint.lsp.edits import Edits
from ipclint.lsp.events import Edited, FoldersChanged, OnDisk, Opened, Update
from ipclint.lsp.handlers import make_server
from ipclint.lsp.publishing import Publisher
from ipclint.lsp.pulling import pull_workspace
from ipclint.lsp.settings import Settings, parse_settings
from ipclint.lsp.suppressing import switched_off
from ipclint.lsp.worker import Worker
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.source import LineIndex

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"


# ── the worker ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def test_jobs_come_before_the_next_step_of_a_task(worker: Worker):
    order: list[object] = []
    started, go_on = threading.Event(), threading.Event()

    def task() -> Iterator[None]:
        order.append("first step")
        started.set()
        go_on.wait(5)
        yield
        order.append("second step")
        yield

    worker.start(task())  # type: ignore[arg-type]
    assert started.wait(5)
    jobs = [worker.submit(lambda number=number: order.append(number)) for number in range(3)]
    go_on.set()
    for job in jobs:
        job.result(5)
    worker.submit(lambda: None).result(5)
    while len(order) < 5:
        pass
    assert order == ["first step", 0, 1, 2, "second step"]


def test_a_cancelled_job_is_not_run_and_a_failing_one_ends_nothing(worker: Worker):
    hold = threading.Event()
    ran: list[str] = []
    first = worker.submit(lambda: hold.wait(5))
    cancelled = worker.submit(lambda: ran.append("cancelled"))
    failing = worker.submit(lambda: 1 // 0)
    assert cancelled.cancel()
    hold.set()
    assert first.result(5)
    with pytest.raises(CancelledError):
        cancelled.result(5)
    with pytest.raises(ZeroDivisionError):
        failing.result(5)
    assert worker.submit(lambda: "alive").result(5) == "alive"
    assert ran == []


def test_a_failing_task_makes_room_for_the_next(worker: Worker):
    done = threading.Event()

    def fails() -> Iterator[None]:
        yield
        raise ValueError("on purpose")

    def works() -> Iterator[None]:
        yield
        done.set()

    worker.start(fails())  # type: ignore[arg-type]
    worker.start(works())  # type: ignore[arg-type]
    assert done.wait(5)


# ── the publisher ────────────────────────────────────────────────────────────────────────────────────────────────────

SOME = [types.Diagnostic(types.Range(types.Position(0, 0), types.Position(0, 1)), "text", code="a/b")]


@pytest.fixture
def pushed() -> list[types.PublishDiagnosticsParams]:
    return []


def test_results_of_an_older_version_are_dropped(pushed: list[types.PublishDiagnosticsParams]):
    publisher = Publisher(pushed.append, False, Positions())
    publisher.opened("a", 1)
    publisher.edited("a", 2, ())
    publisher.show([Update("a", 1, SOME, True)])
    assert pushed == []
    publisher.show([Update("a", 2, SOME, True)])
    assert [params.version for params in pushed] == [2]


def test_the_same_is_pushed_once_and_nothing_is_taken_back_that_was_not_shown(
    pushed: list[types.PublishDiagnosticsParams],
):
    publisher = Publisher(pushed.append, False, Positions())
    publisher.show([Update("a", None, SOME), Update("a", None, SOME), Update("b", None, [])])
    assert [params.uri for params in pushed] == ["a"]
    publisher.opened("a", 1)
    publisher.show([Update("a", 1, SOME, True)])
    assert len(pushed) == 2, "the client may have forgotten it when the buffer was closed"


def test_a_client_that_pulls_the_workspace_keeps_nothing_that_was_pushed(pushed: list[types.PublishDiagnosticsParams]):
    publisher = Publisher(pushed.append, True, Positions())
    publisher.show([Update("closed", None, SOME)])
    publisher.pull_workspace()
    assert [len(params.diagnostics) for params in pushed] == [1, 0]
    publisher.opened("a", 1)
    assert not publisher.show([Update("a", 1, SOME, edited=True)]), "the client asks after its own edits"
    assert not publisher.show([Update("a", 1, SOME)]), "it shows these"
    assert publisher.show([Update("a", 1, [])])
    assert publisher.show([Update("closed", None, SOME)])
    assert len(pushed) == 2


# ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def edits_for(client: Client) -> Edits:
    text = LineIndex("é = 1\r\nb\r\n".encode())
    return Edits(client, Positions("utf-16"), lambda path: f"file:///{path}", lambda _: text, lambda _: 7)


CREATING = Fix("Move", False, (Edit("a", 9, 9, "c"), Edit("a", 2, 3, "")), creates=(("new/b.swift", "text\n"),))


def test_a_fix_that_creates_a_file_is_one_edit_that_creates_it_first():
    edit = edits_for(Client(document_changes=True, creates_files=True)).of([CREATING])
    assert edit.document_changes is not None
    created, filled, changed = edit.document_changes
    origin = types.Range(types.Position(0, 0), types.Position(0, 0))
    assert isinstance(created, types.CreateFile) and created.uri == "file:///new/b.swift"
    assert isinstance(filled, types.TextDocumentEdit) and filled.edits == [types.TextEdit(origin, "text\n")]
    assert isinstance(changed, types.TextDocumentEdit) and changed.text_document.version == 7
    assert [each.range.start for each in changed.edits if isinstance(each, types.TextEdit)] == [
        types.Position(0, 1),
        types.Position(1, 1),
    ]


def test_a_client_that_creates_no_files_is_not_offered_such_a_fix():
    assert not edits_for(Client(document_changes=True)).can_apply(CREATING)
    assert not edits_for(Client(creates_files=True)).can_apply(CREATING)
    plain = Fix("Plain", True, CREATING.edits)
    assert edits_for(Client()).can_apply(plain)
    edit = edits_for(Client()).of([plain, plain])
    assert edit.document_changes is None
    assert [each.new_text for each in (edit.changes or {})["file:///a"]] == ["", "c"]


def test_kinds_contain_each_other():
    assert wanted("source.fixAll.ipclint", ["source"])
    assert wanted("source.fixAll.ipclint", ["source.fixAll.ipclint"])
    assert not wanted("source.fixAll.ipclint", ["source.fixAll.other", "source.fix"])
    assert wanted("quickfix", None)
    assert wanted("quickfix", [""]) and wanted("source.fixAll.ipclint", ["", "refactor"])


# ── turning a rule off ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'ignore = ["a/b"]\n'),
        ('profile = "strict"', 'profile = "strict"\nignore = ["a/b"]\n'),
        ('ignore = []\n[severity]\n"x/y" = "low"\n', 'ignore = ["a/b"]\n[severity]\n"x/y" = "low"\n'),
        ('ignore = [\n  "x/y",\n]\n', 'ignore = [\n  "a/b", "x/y",\n]\n'),
        (
            '[[per-path]]\npaths = ["A"]\nignore = ["x"]\n',
            'ignore = ["a/b"]\n[[per-path]]\npaths = ["A"]\nignore = ["x"]\n',
        ),
    ],
)
def test_where_a_rule_is_turned_off(before: str, after: str):
    location = Location("A.swift", 0, 1, 0, 0, 0, 1)
    finding = Finding("a/b", "text", "low", "likely", Place("A.swift", "", 0, 1))
    report = Report("a/b", "text", "low", "likely", location, (), finding)
    fix = switched_off(report, before.encode())
    assert fix is not None
    [edit] = fix.edits
    text = before[: edit.start] + edit.text + before[edit.end :]
    assert text == after
    assert tomllib.loads(text)["ignore"][0] == "a/b"
    created = switched_off(report, None)
    assert created is not None and created.creates == (("ipclint.toml", 'ignore = ["a/b"]\n'),)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "profile", "is_wrong"),
    [
        (None, None, False),
        ({"ipclint": {"profile": "strict"}}, "strict", False),
        ({"profile": "pedantic", "other": 4}, "pedantic", False),
        ({"profile": "lax"}, None, True),
        ([1], None, True),
        ({"ipclint": None}, None, False),
    ],
)
def test_settings(value: object, profile: str | None, is_wrong: bool):
    settings, problem = parse_settings(value)
    assert settings.profile == profile
    assert bool(problem) == is_wrong


# ── an analysis that fails ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_failure_keeps_what_was_shown_and_the_next_edit_mends_it(root: Path, monkeypatch: pytest.MonkeyPatch):
    warnings: list[str] = []
    analysis = Analysis(Client(), Settings(cache=False), warnings.append)
    uri = (root / "A.swift").as_uri()
    analysis.tell(FoldersChanged((root.as_uri(),), ()))
    analysis.tell(Opened(types.TextDocumentItem(uri, "swift", 1, LOUD)))
    [update] = analysis.settle()
    assert len(update.diagnostics) == 1
    [folder] = analysis.folders

    def fail(*_: object) -> None:
        raise RecursionError("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(folder.session, "apply", fail)
        analysis.tell(typed(uri, 2, "\n"))
        assert analysis.settle() == [], "nothing is shown, so what was shown stays"
    assert len(warnings) == 1 and "A.swift" in warnings[0]
    analysis.tell(typed(uri, 3, "\n"))
    [update] = analysis.settle()
    assert [each.range.start.line for each in update.diagnostics] == [3]


def test_an_analysis_that_is_overtaken_gives_way_to_the_newer_text(root: Path, monkeypatch: pytest.MonkeyPatch):
    analysis = Analysis(Client(), Settings(cache=False), lambda text: None)
    uri = (root / "A.swift").as_uri()
    analysis.tell(FoldersChanged((root.as_uri(),), ()))
    analysis.tell(Opened(types.TextDocumentItem(uri, "swift", 1, LOUD)))
    analysis.settle()
    [folder] = analysis.folders
    computed: list[int] = []

    def overtaken() -> bool:
        """As if the user typed on whenever something is computed, three times."""
        if len(computed) < 3 and not analysis._events:
            computed.append(folder.version("A.swift") or 0)
            analysis.tell(typed(uri, len(computed) + 2, "\n"))
        return bool(analysis._events)

    monkeypatch.setattr(analysis, "has_news", overtaken)
    analysis.tell(typed(uri, 2, "shout(2)\n"))
    [update] = analysis.settle()
    assert computed == [2, 3, 4]
    assert update.version == 5
    assert [each.range.start.line for each in update.diagnostics] == [3, 5]


def test_of_nested_folders_the_innermost_speaks_of_a_file(root: Path):
    inner = root / "inner"
    inner.mkdir()
    file = inner / "A.swift"
    file.write_text(LOUD)
    (inner / "ipclint.toml").write_text("include-tests = true\n")  # and none of the outer one's rules
    analysis = Analysis(Client(), Settings(cache=False), lambda text: None)
    shown: dict[str, int] = {}

    def look() -> None:
        updates = analysis.settle()
        for folder in analysis.take_waiting():
            updates += [update for step in analysis.index(folder, lambda progress: True) for update in step]
        shown.update((update.uri, len(update.diagnostics)) for update in updates)

    analysis.tell(FoldersChanged((root.as_uri(),), ()))
    look()
    assert shown[file.as_uri()] == 1
    analysis.tell(FoldersChanged((inner.as_uri(),), ()))
    look()
    assert shown[file.as_uri()] == 0
    analysis.tell(Opened(types.TextDocumentItem(file.as_uri(), "swift", 1, LOUD)))
    analysis.tell(OnDisk((file.as_uri(),)))
    look()
    assert shown[file.as_uri()] == 0
    assert [report.uri for report in pull_workspace(analysis, ())].count(file.as_uri()) <= 1
    analysis.tell(FoldersChanged((), (inner.as_uri(),)))
    look()
    assert shown[file.as_uri()] == 1


def typed(uri: str, version: int, text: str) -> Edited:
    start = types.Position(0, 0)
    return Edited(uri, version, (types.TextDocumentContentChangePartial(types.Range(start, start), text),))


# ── the protocol ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_kept_of_messages_that_were_dealt_with():
    document = {"uri": "untitled:1", "languageId": "swift", "version": 1, "text": LOUD}
    changed = {"textDocument": {"uri": "untitled:1", "version": 2}, "contentChanges": [{"text": LOUD}]}
    sent = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"method": "textDocument/didOpen", "params": {"textDocument": document}},
        *({"method": "textDocument/didChange", "params": changed} for _ in range(20)),
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    bodies = (json.dumps({"jsonrpc": "2.0", **message}) for message in sent)
    frames = "".join(f"Content-Length: {len(body)}\r\n\r\n{body}" for body in bodies)
    server = make_server()
    assert server.run(io.BytesIO(frames.encode()), io.BytesIO()) == 0
    assert server.protocol._request_futures == {}
