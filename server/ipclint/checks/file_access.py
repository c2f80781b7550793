"""What hostile data does to a file: changes it, reads it, lists it."""

from __future__ import annotations

import re

from ipclint.checks.rule import Rule
from ipclint.checks.shape import Shape
from ipclint.model.ir import Call, Member, Name, walk
from ipclint.program.constants import fold
from ipclint.program.flow_search import Flow
from ipclint.program.program import Program

CHANGES, READS, LISTS = "a", "b", "c"

_BY_KIND = {
    "path.write": CHANGES,
    "path.delete": CHANGES,
    "path.permissions": CHANGES,
    "path.read": READS,
    "path.list": LISTS,
}
_WRITING_FLAGS = frozenset(
    {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "SQLITE_OPEN_READWRITE", "writeOnly", "readWrite"}
)
_WRITING_MODE = re.compile(r"^[rb]*[wa+]")


def shape(rule: Rule, program: Program, flow: Flow) -> Shape:
    """What the flow does to the file; opening one for writing changes it."""
    kind = flow.sink.kind
    return Shape(_BY_KIND.get(kind) or (CHANGES if _opens_for_writing(program, flow) else READS))


def _opens_for_writing(program: Program, flow: Flow) -> bool:
    node = flow.sink.node
    if not isinstance(node, Call):
        return False
    if node.name in ("truncate", "freopen") or node.name.endswith("at"):
        return True
    rest = node.args[1:]
    named = (each for arg in rest for each in walk(arg) if isinstance(each, Name | Member))
    if any((each.text if isinstance(each, Name) else each.name) in _WRITING_FLAGS for each in named):
        return True
    ref = flow.links[-1].ref
    return any(_WRITING_MODE.match(text) for arg in rest[:1] for text in fold(program, ref, arg))
