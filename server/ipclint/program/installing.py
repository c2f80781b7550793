"""What code installs to run as root: daemons that it registers or blesses, jobs and tools that it puts where the system
looks for them, jobs that it starts in the system's domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ipclint.model.facts import Function, Variable
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Collection,
    Expr,
    Interpolation,
    Member,
    Name,
    Node,
    Operator,
    Text,
    walk,
)
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import code_of, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

SYSTEM = "kSMDomainSystemLaunchd"
_REGISTERS = frozenset({"daemon", "daemonServiceWithPlistName", "daemonServiceWithPlistName:"})
_BLESSES = frozenset({"SMJobBless", "SMJobRemove", "SMJobCopyDictionary"})
_MOVES = frozenset(
    {"copyItem", "moveItem", "replaceItem", "createFile", "write", "createSymbolicLink", "copyfile", "rename"}
    | {"copyItemAtPath", "copyItemAtURL", "moveItemAtPath", "moveItemAtURL", "createFileAtPath", "writeToFile"}
    | {"writeToURL", "createSymbolicLinkAtPath"}
)
_RUNS = frozenset(
    {"Process", "NSTask", "NSAppleScript", "AuthorizationExecuteWithPrivileges", "system", "popen", "posix_spawn"}
    | {"execl", "execlp", "execv", "execvp", "arguments", "setArguments"}
)
_WORDS = tuple(sorted(_MOVES | _RUNS | {"SMJobSubmit"}))
_JOINS = frozenset({"stringByAppendingPathComponent:", "URLByAppendingPathComponent:", "appendingPathComponent"})
_PLACE = re.compile(r"/(LaunchDaemons|PrivilegedHelperTools)/([^/\s\"';:%]+)")
_DOMAIN = re.compile(r"(?:^|\s)system/([\w.-]+)")
_HINTS = (b"LaunchDaemons", b"PrivilegedHelperTools", b"launchctl", SYSTEM.encode())
_PROGRAMS = frozenset({"Program", "ProgramArguments", "BundleProgram"})


@query(bottom=frozenset[str]())
def registered_daemons(program: Program) -> frozenset[str]:
    """The names of property lists that code registers by `SMAppService.daemon(plistName:)`, with HOLE where they are
    not known."""
    found: set[str] = set()
    for ref in program.mentioning("daemon") + program.mentioning("daemonServiceWithPlistName"):
        for node in walk(code_of(program, ref)):
            if isinstance(node, Call) and node.name in _REGISTERS and node.labels in (("plistName",), ("",)):
                found |= set(fold(program, ref, node.args[0]))
    return frozenset(found)


@query(bottom=frozenset[str]())
def installed(program: Program) -> frozenset[str]:
    """Labels of jobs and names of programs that code has root run."""
    found: set[str] = set()
    for ref in dict.fromkeys(ref for word in sorted(_BLESSES) for ref in program.mentioning(word)):
        found |= _blessed(program, ref)
    for ref in dict.fromkeys(ref for word in _WORDS for ref in program.mentioning(word)):
        found |= _put(program, ref)
    return frozenset(found)


@query(bottom=frozenset[str]())
def _blessed(program: Program, ref: UnitRef) -> frozenset[str]:
    """The labels that a unit hands to Service Management, in the domain of the system."""
    texts = (
        text
        for node in walk(code_of(program, ref))
        if isinstance(node, Call) and node.name in _BLESSES and len(node.args) > 1 and _is_system(node.args[0])
        for text in fold(program, ref, node.args[1])
    )
    return frozenset(text for text in texts if text and HOLE not in text)


def _is_system(domain: Expr) -> bool:
    return any(_word(node) == SYSTEM for node in walk(domain))


def _word(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member) else ""


@query(bottom=frozenset[str]())
def _put(program: Program, ref: UnitRef) -> frozenset[str]:
    """What a unit puts into the folders of daemons and privileged tools, or starts in the system's domain."""
    unit = program.unit(ref)
    if not isinstance(unit, Function | Variable):
        return frozenset()
    code = code_of(program, ref)
    says_so = isinstance(unit, Function) and any(hint in unit.body for hint in _HINTS)
    found: set[str] = set()
    daemon = False
    for expr in _whole(code) if says_so else _handed(code):
        for text in _texts(program, ref, expr):
            names = [(folder, name) for folder, name in _PLACE.findall(text) if HOLE not in name]
            daemon |= "/LaunchDaemons" in text
            found |= {name.removesuffix(".plist") for _, name in names}
            found |= {label for label in _DOMAIN.findall(text) if HOLE not in label}
    if daemon or (says_so and any(_word(node) == SYSTEM for node in walk(code))):
        found |= set(_jobs(program, ref))
    return frozenset(found - {""})


def _whole(code: Node | tuple[Node, ...]) -> Iterator[Expr]:
    """The texts and paths that code writes down."""
    for node in walk(code):  # type: ignore[arg-type]
        joins = isinstance(node, Call) and node.name in _JOINS
        if isinstance(node, Text | Interpolation) or joins or (isinstance(node, Operator) and node.op == "+"):
            yield node  # type: ignore[misc]


def _handed(code: Node | tuple[Node, ...]) -> Iterator[Expr]:
    """What code hands to calls that copy or run something: constants, for all others are written down."""
    for node in walk(code):  # type: ignore[arg-type]
        handed: Iterable[Expr] = ()
        if isinstance(node, Call) and node.name.partition(":")[0] in _MOVES | _RUNS:
            handed = node.args
        elif isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name == "arguments":
            handed = (node.value,)
        yield from (each for expr in handed for each in walk(expr) if isinstance(each, Name | Member))


def _texts(program: Program, ref: UnitRef, expr: Expr) -> tuple[str, ...]:
    if isinstance(expr, Call) and expr.name in _JOINS and expr.target is not None and expr.args:
        folders, names = _texts(program, ref, expr.target), fold(program, ref, expr.args[0])
        return tuple(f"{folder.rstrip('/')}/{name}" for folder in folders for name in names)
    return fold(program, ref, expr)


def _jobs(program: Program, ref: UnitRef) -> Iterator[str]:
    """The labels and programs of the jobs that a unit writes down as dictionaries."""
    for node in walk(code_of(program, ref)):
        if isinstance(node, Collection) and node.kind == "dictionary":
            for key, value in zip(node.items[::2], node.items[1::2], strict=False):
                word = next(iter(fold(program, ref, _plain(key))))
                if word == "Label" or word in _PROGRAMS:
                    first = _first(program, ref, value)
                    yield from (text.rpartition("/")[2] for text in fold(program, ref, first) if HOLE not in text)


def _first(program: Program, ref: UnitRef, expr: Expr) -> Expr:
    """The first item of an array, any other expression itself."""
    expr = _plain(expr)
    if isinstance(expr, Name):
        values = [binding.value for binding in scope(program, ref).get(expr.text, ()) if binding.value is not None]
        expr = _plain(values[0]) if len(values) == 1 and isinstance(_plain(values[0]), Collection) else expr
    return expr.items[0] if isinstance(expr, Collection) and expr.kind == "array" and expr.items else expr


def _plain(expr: Expr) -> Expr:
    while isinstance(expr, Cast):
        expr = expr.value
    return expr
