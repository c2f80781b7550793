"""The targets of the program as queries: which targets compile a file, which programs it ends up in, with what
rights.
"""

from __future__ import annotations

from ipclint.model.facts import PlistFacts, ProjectFacts
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import calls_in
from ipclint.program.program import Program
from ipclint.program.query import query
from ipclint.program.target_info import TargetInfo
from ipclint.program.targets import Targets


@query(bottom=None)
def targets(program: Program) -> Targets | None:
    """Every target of the workspace; None only while it is being worked out."""
    files = tuple(program.configurations())
    return Targets(
        (facts for facts in files if isinstance(facts, ProjectFacts)),
        (facts for facts in files if isinstance(facts, PlistFacts)),
        daemons=_registered_daemons(program),
    )


def _registered_daemons(program: Program) -> tuple[str, ...]:
    """Property lists that code registers by `SMAppService.daemon(plistName:)`, as far as their names are known."""
    return tuple(name for name in _daemon_names(program) if HOLE not in name)


@query(bottom=())
def _daemon_names(program: Program) -> tuple[str, ...]:
    found: set[str] = set()
    for ref in program.mentioning("daemon") + program.mentioning("daemonServiceWithPlistName"):
        for call in calls_in(program, ref):
            if (call.name == "daemon" and call.labels == ("plistName",)) or call.name == "daemonServiceWithPlistName:":
                found |= set(fold(program, ref, call.args[0]))
    return tuple(sorted(found))


@query(bottom=())
def _generated_daemon(program: Program) -> tuple[str, ...]:
    """The one tool of a workspace that registers a daemon whose property list a build script makes: (project, name)."""
    known = targets(program)
    if known is None or not _daemon_names(program) or any(job.is_root for job in known.jobs):
        return ()
    tools = [each for each in known.all() if each.product_type.endswith(".tool") and not each.is_test]
    return (tools[0].project, tools[0].name) if len(tools) == 1 else ()


@query(bottom=())
def targets_of(program: Program, path: str) -> tuple[TargetInfo, ...]:
    """Every target that compiles the source at `path`; () when nothing is known. See `Targets.targets_of`."""
    known = targets(program)
    return known.targets_of(path) if known else ()


@query(bottom=())
def programs_of(program: Program, path: str) -> tuple[TargetInfo, ...]:
    """The programs that the source at `path` ends up in. See `Targets.programs_of`."""
    known = targets(program)
    return known.programs_of(path) if known else ()


def is_privileged(program: Program, path: str) -> bool:
    """Whether the source at `path` runs in a daemon or a privileged helper."""
    daemon = _generated_daemon(program)
    return any(info.is_privileged or (info.project, info.name) == daemon for info in programs_of(program, path))
