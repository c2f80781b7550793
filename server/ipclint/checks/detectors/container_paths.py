"""Where a path leads: whether it is made from the container of an app group.

Not a detector itself: the ones about shared files share it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors.named_values import variables_of
from ipclint.model.facts import Function, Variable
from ipclint.model.ir import Assign, Call, Expr, Member, Name, Node, walk
from ipclint.program.constants import fold
from ipclint.program.link import callers, code_of, resolve, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type
from ipclint.program.usage import call_uses

_TEXTS = (
    "String NSString NSMutableString CFStringRef char URL NSURL CFURLRef URLComponents FilePath id Any instancetype"
)
_MADE = "Bundle NSBundle Data NSData NSPersistentStoreDescription Array NSArray NSMutableArray Set NSSet"
LEADING = frozenset(("", *_TEXTS.split(), *_MADE.split()))
"""What a path may be, and what is made of one or holds some."""
MAX_PASSES = 2
"""How many callers up a parameter is followed."""
VERIFIES = re.compile(
    r"^(?:SecStaticCodeCheckValidity\w*|SecKeyVerifySignature|CC_SHA\w+|isValidSignature|isValidAuthenticationCode|"
    r"verify\w*:?.*|validate\w*:?.*|(?:SHA|HMAC|sha)\d*\w*)$"
)
OPEN_FOLDER = re.compile(r"^(?:/private)?(?:/var)?/tmp/|^/Users/Shared/")


def from_container(program: Program, ref: UnitRef, expr: Expr | None, passes: int = MAX_PASSES) -> bool:
    """Whether a path is made from the container of an app group, through locals, properties, functions and callers."""
    if expr is None:
        return False
    local = scope(program, ref)
    passed: list[str] = []
    for node in around.origins(program, ref, expr):
        if isinstance(node, Call):
            if any(use.api.name == "app-group.container" for use in call_uses(program, ref, node)):
                return True
            made = resolve(program, ref, node)
            if made.certain and any(_gives(program, each) for each in made.refs[:2]):
                return True
        elif isinstance(node, Name) and node.text in local:
            if any(each.kind == "param" for each in local[node.text]):
                passed.append(node.text)
        elif isinstance(node, Name | Member) and any(
            _holds(program, each) for each in variables_of(program, ref, node)
        ):
            return True
    return passes > 0 and any(_is_passed(program, ref, name, passes - 1) for name in dict.fromkeys(passed))


def is_verified(program: Program, ref: UnitRef) -> bool:
    """Whether a function verifies a signature or a hash of what it loads."""
    return any(isinstance(node, Call) and VERIFIES.match(node.name) for node in walk(program.body(ref)))


def open_folder(program: Program, ref: UnitRef, path: Expr) -> str:
    """The path, when it lies where every user may create files; "" otherwise."""
    folder = next((text for text in fold(program, ref, path) if OPEN_FOLDER.match(text)), "")
    if not folder and isinstance(path, Call) and path.args:  # URL(fileURLWithPath: "/tmp/x")
        folder = next((text for text in fold(program, ref, path.args[0]) if OPEN_FOLDER.match(text)), "")
    return folder


@query(bottom=False)
def _gives(program: Program, ref: UnitRef) -> bool:
    """Whether a function returns such a path, whatever it is given."""
    function = program.function(ref)
    if function is None or not _may_lead(function.returns):
        return False
    return any(from_container(program, ref, value, 0) for value in around.returned(program, ref))


@query(bottom=False)
def _holds(program: Program, ref: UnitRef) -> bool:
    """Whether a property is such a path, or a method without parameters gives one."""
    unit = program.unit(ref)
    if not isinstance(unit, Variable):
        return _gives(program, ref)
    if not _may_lead(unit.type):
        return False
    if unit.computed:
        return _gives(program, UnitRef(ref.path, f"F {ref.key[2:]}.get"))
    if from_container(program, ref, unit.value, 0):
        return True
    return unit.value is None and any(
        from_container(program, setter, value, 1) for setter, value in _assigned(program, unit)
    )


def _may_lead(text: str) -> bool:
    """Whether a value of a type is a path, or made of one; a type that is not written may be any."""
    return base_type(text) in LEADING


def _assigned(program: Program, unit: Variable) -> Iterator[tuple[UnitRef, Expr]]:
    """What the type's own functions put into a property, mostly where its objects are made."""
    names = {unit.name, f"_{unit.name}", f"self.{unit.name}"}
    for ref in program.members_of(unit.owner) if unit.owner else ():
        function = program.unit(ref)
        if isinstance(function, Function) and function.body and not names.isdisjoint(function.mentions):
            for node in walk(code_of(program, ref)):
                if isinstance(node, Assign) and node.op == "=" and _target(node.target) in names:
                    yield ref, node.value


def _target(node: Node) -> str:
    match node:
        case Name(text=text):
            return text
        case Member(base=Name(text="self"), name=name):
            return name
        case _:
            return ""


@query(bottom=False)
def _is_passed(program: Program, ref: UnitRef, name: str, passes: int) -> bool:
    """Whether a caller passes such a path as this parameter."""
    function = program.function(ref)
    params = function.params if function is not None else ()
    index = next((i for i, param in enumerate(params) if param.name == name), -1)
    if index < 0 or not _may_lead(params[index].type):
        return False
    return any(
        site.certain
        and index < len(site.call.args)
        and from_container(program, site.caller, site.call.args[index], passes)
        for site in callers(program, ref)
    )
