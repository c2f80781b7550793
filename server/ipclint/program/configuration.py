"""The targets of the program as queries: which targets compile a file, which programs it ends up in, with what
rights.
"""

from __future__ import annotations

from ipclint.model.facts import PlistFacts, ProjectFacts
from ipclint.program.installing import installed, registered_daemons
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
        daemons=registered_daemons(program),
        installed=installed(program),
    )


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
    return any(info.is_privileged for info in programs_of(program, path))
