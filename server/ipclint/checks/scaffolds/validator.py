"""A validator for the arguments of an exported method: nothing passes before somebody says what may.

The method begins with a guard that refuses; the validator behind it allows nothing that is text, no file outside of one
folder, no data without a bound, until its author fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.builders.coding_style import insert_before_member, objc_if, objc_method
from ipclint.checks.edits import insert_in_body
from ipclint.checks.fix import Sources
from ipclint.checks.scaffolds.refusal import refusal
from ipclint.model.facts import Function
from ipclint.model.finding import Fix
from ipclint.model.ir import Param
from ipclint.program.arrivals import XPC, arrivals
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

TEXTS = frozenset({"String", "NSString", "Substring"})
FILES = frozenset({"URL", "NSURL"})
BYTES = frozenset({"Data", "NSData"})
_KEYED = re.compile(r"^(?:\[\s*(\w+)\s*:|Dictionary<\s*(\w+)\s*,)")
"""A Swift dictionary with the type of its keys; Objective-C's say nothing of theirs."""
_PATH_WORDS = ("path", "file", "folder", "directory", "url")


class Test(NamedTuple):
    """What is asked of one argument: a constant that the test needs ("" for none), and the condition."""

    constant: str
    condition: str


def validator(program: Program, ref: UnitRef, function: Function, sources: Sources) -> Iterator[Fix]:
    """For an exported method that takes text, files, bytes or dictionaries as they come."""
    swift = ref.path.endswith(".swift")
    params = [each.param for each in arrivals(program, ref) if each.kind == XPC and not each.in_closure]
    tests = [(param, test) for param in params if (test := _test(param, swift)) is not None]
    refused = refusal(program, function, swift)
    name = _name(function)
    if not tests or refused is None or _has_member(program, function, name):
        return
    build = _swift if swift else _objc
    guard, method = build(name, tests, refused, sources.data(ref.path))
    data, extent = sources.data(ref.path), sources.extent(ref)
    before = insert_before_member(ref.path, data, extent.start, method)
    inside = insert_in_body(ref.path, data, extent.start + function.body_start, guard)
    yield Fix(f"Check the arguments of {function.signature} first", False, (before, inside))


def _name(function: Function) -> str:
    first = function.name.partition(":")[0]
    return f"accepts{_capital(first)}"


def _has_member(program: Program, function: Function, name: str) -> bool:
    members = (program.function(ref) for ref in program.members_of(function.owner))
    return any(member is not None and member.name.partition(":")[0].startswith(name) for member in members)


def _test(param: Param, swift: bool) -> Test | None:
    """The test of an argument; None for one whose type is bound already, or optional, or unknown."""
    plain, name = base_type(param.type), param.name
    if not name or (swift and param.type.rstrip().endswith(("?", "!"))):
        return None
    if plain in FILES or (plain in TEXTS and name.lower().endswith(_PATH_WORDS)):
        return _file_test(name, plain in FILES, swift)
    if plain in TEXTS:
        return _text_test(name, swift)
    if plain in BYTES:
        count = f"{name}.count" if swift else f"{name}.length"
        return Test("", f"{count} <= 1_048_576" if swift else f"{count} <= 1048576")
    keyed = _KEYED.match(param.type.strip()) if swift else None
    if keyed is not None:
        return _keys_test(name, f"Set<{keyed[1] or keyed[2]}>")
    return None if swift or plain != "NSDictionary" else _objc_keys_test(name)


def _text_test(name: str, swift: bool) -> Test:
    allowed = f"allowed{_capital(name)}"
    if swift:
        return Test(f"let {allowed}: Set<String> = []  // what a client may ask for", f"{allowed}.contains({name})")
    constant = f"NSSet<NSString *> *{allowed} = [NSSet set]; // what a client may ask for"
    return Test(constant, f"[{allowed} containsObject:{name}]")


def _keys_test(name: str, kind: str) -> Test:
    allowed = f"allowedKeysOf{_capital(name)}"
    return Test(f"let {allowed}: {kind} = []  // what a client may say", f"{allowed}.isSuperset(of: {name}.keys)")


def _objc_keys_test(name: str) -> Test:
    allowed = f"allowedKeysOf{_capital(name)}"
    constant = f"NSSet *{allowed} = [NSSet set]; // what a client may say"
    return Test(constant, f"[[NSSet setWithArray:{name}.allKeys] isSubsetOfSet:{allowed}]")


def _file_test(name: str, is_url: bool, swift: bool) -> Test:
    """The file must stand in one folder once its path is resolved: `..` and links are gone by then."""
    root = f"rootOf{_capital(name)}"
    folder = "/Library/Application Support/com.example/"
    if swift:
        file = name if is_url else f"URL(fileURLWithPath: {name})"
        resolved = f"{file}.standardizedFileURL.resolvingSymlinksInPath().path"
        return Test(f'let {root} = "{folder}"  // where a client\'s files stand', f"{resolved}.hasPrefix({root})")
    file = f"{name}.path" if is_url else name
    resolved = f"{file}.stringByStandardizingPath.stringByResolvingSymlinksInPath"
    return Test(f'NSString *{root} = @"{folder}"; // where a client\'s files stand', f"[{resolved} hasPrefix:{root}]")


def _lines(tests: list[tuple[Param, Test]], returned: str) -> list[str]:
    constants = [test.constant for _, test in tests if test.constant]
    conditions = [test.condition for _, test in tests]
    return [*constants, returned.format("\n    && ".join(conditions))]


def _swift(name: str, tests: list[tuple[Param, Test]], refused: list[str], data: bytes) -> tuple[str, str]:
    arguments = ", ".join(f"{param.name}: {param.name}" for param, _ in tests)
    params = ", ".join(f"{param.name}: {param.type}" for param, _ in tests)
    body = "\n".join(f"    {line}" for text in _lines(tests, "return {}") for line in text.split("\n"))
    refusal_lines = "\n".join(f"    {line}" for line in refused)
    guard = f"guard Self.{name}({arguments}) else {{\n{refusal_lines}\n}}"
    return guard, f"private static func {name}({params}) -> Bool {{\n{body}\n}}"


def _objc(name: str, tests: list[tuple[Param, Test]], refused: list[str], data: bytes) -> tuple[str, str]:
    labels = [name + _capital(tests[0][0].name), *(param.name for param, _ in tests[1:])]
    sent = " ".join(f"{label}:{param.name}" for label, (param, _) in zip(labels, tests, strict=True))
    head = " ".join(f"{label}:({param.type}){param.name}" for label, (param, _) in zip(labels, tests, strict=True))
    guard = "\n".join(objc_if(data, f"![[self class] {sent}]", refused))
    return guard, objc_method(data, f"+ (BOOL){head}", "\n".join(_lines(tests, "return {};")))


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
