"""A whole check: what was found, with its fixes, what was left out and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from ipclint.checks.rulebook import compile_rulebook
from ipclint.engine.baseline import Baseline
from ipclint.engine.discover import TEST_CODE
from ipclint.engine.report import Report
from ipclint.engine.session import Progress, Session, Survey
from ipclint.engine.setup import Setup
from ipclint.engine.store import digest
from ipclint.model.finding import Fix


class Shown(msgspec.Struct, frozen=True):
    """A report with the fixes it offers, the best first."""

    report: Report
    fixes: tuple[Fix, ...]


class Summary(msgspec.Struct, frozen=True):
    """What the check looked at. `left_out` counts files by why; `folders` were left out whole.

    `baselined` are the findings that the baseline holds back; None without one.
    """

    files: int
    left_out: dict[str, int] = {}
    folders: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()  # (path, what could not be read and why)
    baselined: int | None = None


class Result(msgspec.Struct, frozen=True):
    shown: tuple[Shown, ...]
    summary: Summary


def check_workspace(
    setup: Setup,
    session: Session,
    under: Iterable[str] = ("",),
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """Check these folders and files of the workspace, or recall what the same check said of the same files."""
    survey = session.survey(under)
    if not survey.recalled.rest:
        kept = setup.store.get(_key(setup, survey, session.baseline))
        if kept is not None:
            return msgspec.msgpack.decode(kept, type=Result)
    for step in session.index(survey):
        progress(step)
    result = collect(session)
    if not session.gave_up:
        setup.store.put(_key(setup, survey, session.baseline), msgspec.msgpack.encode(result))
    return result


def collect(session: Session) -> Result:
    """The reports of a session with their fixes, and the summary."""
    reports = (report for path in session.paths() for report in session.reports(path))
    discovery = session.discovery
    left_out = discovery.left_out + Counter({TEST_CODE: session.test_files})
    summary = Summary(
        files=len(discovery.files),
        left_out=dict(sorted(left_out.items())),
        folders=tuple(discovery.folders),
        problems=tuple(session.problems()),
        baselined=sum(session.baselined.values()) if session.config.baseline else None,
    )
    return Result(tuple(Shown(report, session.fixes(report)) for report in reports), summary)


def _key(setup: Setup, survey: Survey, baseline: Baseline) -> bytes:
    """The digest of everything that a result is made from."""
    discovery = survey.discovery
    return digest(
        b"result",
        compile_rulebook(setup.rulebook),
        msgspec.msgpack.encode(setup.config),
        msgspec.msgpack.encode((dict(sorted(discovery.left_out.items())), discovery.folders, discovery.problems)),
        survey.recall.contents(),
        baseline.digest,
    )
