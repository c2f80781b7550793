"""Changes in, reports out: cross-file effects, demand for unread files, open documents, incremental equals fresh."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.changes import ByteEdit, Change
from ipclint.engine.config import Config, ConfigError
from ipclint.engine.session import Session
from ipclint.program import query
from ipclint.program.configuration import targets
from ipclint.program.query import Interrupted

from .conftest import said, write

SENDER = "func send(_ parcel: String) {\n    carry(parcel)\n}\n"
CARELESS = "func carry(_ thing: String) {\n    keep(thing)\n}\n"
CAREFUL = "func carry(_ thing: String) {\n    inspect(thing)\n}\n"

Make = Callable[..., Session]


def test_a_finding_is_placed_in_bytes_lines_and_columns(workspace: Make) -> None:
    session = workspace({"A.swift": "// é\nfunc f() {\n    shout(“x”)\n    shout(1)\n}\n"})
    first, second = session.reports("A.swift")
    assert (second.location.line, second.location.column) == (3, 4)
    text = session.document("A.swift").data
    assert text[second.location.start : second.location.end] == b"shout(1)"
    assert first.location.line == 2


def test_an_unread_file_is_read_when_its_name_is_looked_up(workspace: Make) -> None:
    session = workspace({"A.swift": SENDER, "Far/B.swift": CARELESS, "C.swift": "func other() {}\n"})
    assert said(session) == ["A.swift:2:5 demo/hands-on low/likely"]
    assert session.reports("A.swift")[0].steps[0].location.path == "Far/B.swift"


def test_editing_one_file_clears_the_finding_in_another(workspace: Make) -> None:
    session = workspace({"A.swift": SENDER, "B.swift": CARELESS})
    assert session.apply([Change.opened("B.swift", CAREFUL.encode())]).changed == {"A.swift"}
    assert said(session) == []
    assert session.apply([Change.closed("B.swift")]).changed == {"A.swift"}
    assert said(session) == ["A.swift:2:5 demo/hands-on low/likely"]


def test_a_moved_step_moves_in_the_reports_of_other_files(workspace: Make) -> None:
    session = workspace({"A.swift": SENDER, "B.swift": CARELESS})
    delta = session.apply([Change.opened("B.swift", b"\n\n" + CARELESS.encode())])
    assert delta.changed == {"A.swift"}
    assert session.reports("A.swift")[0].steps[0].location.line == 2


def test_a_file_that_appears_later_is_read_for_a_name_asked_before(workspace: Make, tmp_path: Path) -> None:
    session = workspace({"A.swift": SENDER})
    assert said(session) == []
    write(tmp_path / "work", {"New.swift": CARELESS})
    assert session.refresh(["New.swift"]).changed == {"A.swift"}
    (tmp_path / "work" / "New.swift").unlink()
    assert session.refresh(["New.swift"]).changed == {"A.swift"}
    assert said(session) == []


def test_edits_apply_one_after_the_other(workspace: Make) -> None:
    session = workspace({"A.swift": "func f() {\n}\n"})
    session.apply([Change.opened("A.swift", b"func f() {\n}\n")])
    session.apply([Change.edited("A.swift", [ByteEdit(11, 11, b"shou(1)\n"), ByteEdit(15, 15, b"t")])])
    assert session.document("A.swift").data == b"func f() {\nshout(1)\n}\n"
    assert said(session) == ["A.swift:2:1 demo/shouting medium/certain"]


def test_the_disk_is_left_aside_while_a_document_is_open(workspace: Make) -> None:
    session = workspace({"A.swift": "func f() { shout(1) }\n"})
    session.apply([Change.opened("A.swift", b"func f() {}\n")])
    assert not session.apply([Change.written("A.swift", b"func f() { shout(2) }\n")]).changed
    assert said(session) == []


def test_a_call_that_is_called_off_leaves_the_rest_to_the_next(workspace: Make) -> None:
    session = workspace({"A.swift": SENDER, "B.swift": CARELESS})
    with pytest.raises(Interrupted):
        session.apply([Change.opened("B.swift", CAREFUL.encode())], lambda: True)
    assert said(session) == ["A.swift:2:5 demo/hands-on low/likely"], "no report is half of an answer"
    assert session.apply(()).changed == {"A.swift"}
    assert said(session) == []


def test_files_that_a_question_needs_hold_up_no_change(workspace: Make) -> None:
    session = workspace({"A.swift": SENDER, "B.swift": CARELESS, "Far.swift": "func burn(_ t: String) {}\n"})
    assert session.unread("A.swift") == ("Far.swift",)
    session.ask("A.swift", lambda program: program.functions_named("burn"))
    assert session.apply([Change.opened("B.swift", CAREFUL.encode())]).changed == {"A.swift"}
    assert session.unread("A.swift") == ("Far.swift",)
    with pytest.raises(Interrupted):
        session.catch_up(lambda: True)
    assert session.catch_up() is not None
    assert session.unread("A.swift") == ()
    assert session.catch_up() is None


def test_changes_outside_the_scope_are_left_aside(workspace: Make) -> None:
    session = workspace({"A.swift": "", "Pods/B.swift": "func f() { shout(1) }\n"})
    for path in ("Pods/B.swift", "notes.txt", ".build/C.swift"):
        assert not session.apply([Change.opened(path, b"func f() { shout(1) }\n")]).changed
    assert said(session) == []


def test_a_finding_inside_a_syntax_error_loses_a_step_of_confidence(workspace: Make) -> None:
    session = workspace({"A.swift": "func f() {\n    shout(1)\n}\nfunc g( {\n    shout(2)\n"})
    assert [line.rpartition(" ")[2] for line in said(session)] == ["medium/certain", "medium/likely"]


def test_a_rule_that_is_not_there_is_an_error(book: Rulebook, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'no rule is called "demo/shoutin".*demo/shouting'):
        Session(tmp_path, Config(select=("demo/shoutin",)), book)


# ── invariants 5 and 7 ───────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = st.sampled_from(
    [
        SENDER,
        CARELESS,
        CAREFUL,
        "func carry(_ t: String) { burn(t) }\n",
        "func f() { shout(1) }\n",
        "func carry(_ t: String) { shout(t) }\n",
        "func f() {\n    shout(1) // ipclint:ignore demo/shouting -- a test\n}\n",
        "// ipclint:ignore demo/shouting -- unused\nfunc f() {}\n",
        "func send(_ parcel: String) { carry(parcel)\n",
        "",
    ]
)
PATHS = st.sampled_from(["A.swift", "B.swift", "lib/C.swift"])
EDITS = st.tuples(
    st.integers(0, 60), st.integers(0, 12), st.sampled_from([b"", b"x", b"\n", b"}", b"{", b"shout(2)\n", b"inspect "])
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("opened"), PATHS, TEXTS),
        st.tuples(st.just("written"), PATHS, TEXTS),
        st.tuples(st.just("gone"), PATHS, st.none()),
        st.tuples(st.just("closed"), PATHS, st.none()),
        st.tuples(st.just("edited"), PATHS, st.lists(EDITS, min_size=1, max_size=3)),
        st.tuples(st.just("tidied"), PATHS, st.none()),
        st.tuples(st.just("asked"), PATHS, st.sampled_from(["carry", "burn", "nobody"])),
    ),
    min_size=1,
    max_size=12,
)


class Disk:
    """What a user does in an editor and beside it, done to a folder, to a session, and to a model of both."""

    def __init__(self, root: Path, session: Session, patience: int) -> None:
        self.root, self.session = root, session
        self.open: dict[str, bytes] = {}
        self.patience = patience  # how many times a call asks whether it is called off until it is

    def apply(self, *changes: Change) -> None:
        times = count(1)
        with suppress(Interrupted):
            self.session.apply(changes, lambda: next(times) >= self.patience)

    def step(self, kind: str, path: str, what: object) -> None:
        file = self.root / path
        if kind == "opened":
            self.open[path] = str(what).encode()
            self.apply(Change.opened(path, self.open[path]))
        elif kind == "written":
            write(self.root, {path: str(what)})
            self.session.refresh([path])
        elif kind == "gone":
            file.unlink(missing_ok=True)
            self.session.refresh([path])
        elif kind == "closed":
            self.open.pop(path, None)
            self.apply(Change.closed(path))
        elif kind == "tidied":
            self.session.tidy()
        elif kind == "asked":
            times = count(1)
            with suppress(Interrupted):
                self.session.ask(path, lambda program: program.functions_named(str(what)))
                self.session.catch_up(lambda: next(times) >= self.patience)
        elif path in self.open:
            edits = []
            for start, length, text in what:  # type: ignore[attr-defined]
                data = self.open[path]
                start = min(start, len(data))
                end = min(start + length, len(data))
                edits.append(ByteEdit(start, end, text))
                self.open[path] = data[:start] + text + data[end:]
            self.apply(Change.edited(path, edits))

    def fresh(self, book: Rulebook) -> Session:
        session = Session(self.root, Config(profile="pedantic"), book)
        session.apply([Change.opened(path, data) for path, data in self.open.items()])
        session.load()
        return session


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sampled_from([1, 2, 3, 4, 6, 9, 1000]))
def test_invariant_5_incremental_equals_fresh(
    book: Rulebook, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, object]], patience: int
) -> None:
    root = tmp_path_factory.mktemp("work")
    session = Session(root, Config(profile="pedantic"), book)
    session.load()
    disk = Disk(root, session, patience)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query, "WORTH_COLLECTING", 0)
        for step in steps:
            disk.step(*step)
    session.apply(())  # what calls that were called off have left
    session.catch_up()
    fresh = disk.fresh(book)
    assert {path: session.reports(path) for path in session.paths()} == {
        path: fresh.reports(path) for path in fresh.paths()
    }


def test_invariant_7_a_body_edit_with_an_equal_shape_re_runs_no_other_file(workspace: Make) -> None:
    bystanders = {f"F{n}.swift": f"func g{n}() {{\n    shout({n})\n}}\n" for n in range(20)}
    session = workspace({"A.swift": "func f() {\n    shout(1)\n}\n", **bystanders})
    session.apply([Change.opened("A.swift", b"func f() {\n    shout(1)\n}\n")])
    before = session.evaluations()
    delta = session.apply([Change.edited("A.swift", [ByteEdit(21, 22, b"2")])])
    assert not delta.changed  # the finding is where it was
    assert session.evaluations() - before <= 8  # the unit and the file edited, and what they ask of themselves


def test_names_that_were_typed_once_are_forgotten(workspace: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "WORTH_COLLECTING", 100)
    session = workspace({"A.swift": SENDER, "B.swift": CARELESS})
    program = session.program("A.swift")
    sizes: list[int] = []
    for number in range(400):
        session.apply(
            [Change.opened("B.swift", f"func carry{number}(_ t{number}: String) {{ keep(t{number}) }}".encode())]
        )
        session.tidy()
        sizes.append(program.entries)
    assert max(sizes[200:]) <= max(sizes[:200])
    session.apply([Change.opened("B.swift", CARELESS.encode())])
    assert said(session) == ["A.swift:2:5 demo/hands-on low/likely"]


# ── projects that include others ─────────────────────────────────────────────────────────────────────────────────────


def _targets(session: Session) -> dict[str, tuple[str, ...]]:
    known = targets(session.program("project.yml"))
    return {info.name: info.platforms for info in known.all()} if known is not None else {}


INCLUDING = {
    "project.yml": "name: A\ninclude: [parts/base.yml, linked.yml]\ntargets: {App: {type: application}}\n",
    "parts/base.yml": "targets: {App: {platform: macOS}}\n",
}


def test_a_change_of_an_included_file_changes_the_project(workspace: Make, tmp_path: Path) -> None:
    session = workspace(dict(INCLUDING))
    assert _targets(session) == {"App": ("macos",)}
    write(tmp_path / "work", {"parts/base.yml": "targets: {App: {platform: iOS}}\n"})
    session.refresh(["parts/base.yml"])
    assert _targets(session) == {"App": ("ios",)}
    session.apply([Change.opened("project.yml", INCLUDING["project.yml"].encode() + b"# edited\n")])
    (tmp_path / "work" / "parts" / "base.yml").unlink()
    session.refresh(["parts/base.yml"])
    assert "ios" not in _targets(session)["App"]


def test_a_spec_that_another_includes_is_no_project_of_its_own(workspace: Make) -> None:
    files = {"project.yml": "include: part/project.yml\n", "part/project.yml": "targets: {App: {type: tool}}\n"}
    known = targets(workspace(dict(files)).program("project.yml"))
    assert known is not None and [info.project for info in known.all()] == ["project.yml"]


def test_no_file_outside_of_the_workspace_is_included(workspace: Make, tmp_path: Path) -> None:
    outside = write(tmp_path, {"outside.yml": "targets: {Outside: {type: tool, platform: macOS}}\n"}) / "outside.yml"
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "linked.yml").symlink_to(outside)
    session = workspace(INCLUDING | {"project.yml": "include: [parts/base.yml, linked.yml, ../outside.yml]\n"})
    assert "Outside" not in _targets(session)


def test_what_a_project_includes_is_read_again_whatever_the_cache_holds(tmp_path: Path, book: Rulebook) -> None:
    write(tmp_path / "work", INCLUDING)
    for platform in ("macos", "ios"):
        write(tmp_path / "work", {"parts/base.yml": f"targets: {{App: {{platform: {platform}}}}}\n"})
        session = Session(tmp_path / "work", Config(), book, tmp_path / "cache")
        session.load()
        assert _targets(session) == {"App": (platform,)}
