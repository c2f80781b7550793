"""Unarchivers that name the class, in place of those that let the data name it (fixes F10 to F12 of the catalogue)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks import around
from ipclint.checks.detectors.coding_shapes import (
    BRIDGED,
    NUMBERS,
    Classes,
    Shape,
    classes_of,
    is_secure_class,
    parse_shape,
    resolved_name,
)
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import Assign, Call, Cast, Evaluate, Let, Member, Node, Operator, Return
from ipclint.program.link import type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.usage import uses_of

APIS = ("archiving.unarchive-any", "archiving.unarchive-any-file")
TITLE = "Name the classes that the archive may hold"


class Site(NamedTuple):
    """An unarchiving call with what stands around it (`path`: outermost first, the call last)."""

    program: Program
    ref: UnitRef
    call: Call
    path: tuple[Node, ...]
    sources: Sources

    def text(self, node: Node) -> str:
        return self.sources.text(self.place(node))

    def place(self, node: Node) -> Place:
        return Place(self.ref.path, self.ref.key, node.start, node.end)

    def between(self, start: int, end: int) -> str:
        """The source text between two positions in the unit."""
        return self.sources.text(Place(self.ref.path, self.ref.key, start, end))

    @property
    def unarchiver(self) -> str:
        """The class that is asked, as written: NSKeyedUnarchiver, or one of its subclasses."""
        return self.text(self.call.target) if self.call.target is not None else ""

    @property
    def from_file(self) -> bool:
        return "File" in self.call.name or self.call.labels[:1] == ("withFile",)


@builder("typed-unarchive")
def typed_unarchive(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Unarchive the class that the code expects anyway; nothing is offered where it expects none."""
    ref = UnitRef(finding.place.path, finding.place.unit)
    call = _call(program, ref, finding)
    if call is None or not call.args or call.target is None:
        return
    site = Site(program, ref, call, around.path_to(program, ref, call), sources)
    if site.unarchiver == "NSUnarchiver":
        return  # its format is another one, and nothing reads that with a class
    made = _swift(site) if ref.path.endswith(".swift") else _objc(site)
    if made is not None:
        edit, classes = made
        yield Fix(TITLE, _is_safe(site, classes), (edit,), rule=rule.id)


def _call(program: Program, ref: UnitRef, finding: Finding) -> Call | None:
    """The unarchiving call of a finding: the rule's match, or what data flows into when that is one itself."""
    whole = finding.holes.get("call", finding.place)
    calls = [use.node for use in uses_of(program, ref, *APIS) if isinstance(use.node, Call)]
    return next((n for n in calls if isinstance(whole, Place) and _is_at(n, whole)), None)


def _is_at(call: Call, place: Place) -> bool:
    return (call.start, call.end) == (place.start, place.end)


def _is_safe(site: Site, classes: Classes) -> bool:
    """Whether old archives still load: the classes are known, and every one decodes under secure coding."""
    secure = all(is_secure_class(site.program, name) for name in classes.names)
    return classes.exact and secure and not site.from_file


# ── Swift ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _swift(site: Site) -> tuple[Edit, Classes] | None:
    """`… as? Foo` with the cast dropped, bridged or kept. A forced cast has no honest way to fail: no fix."""
    cast = around.cast_in(site.path)
    if cast is None or cast.op != "as?":
        return None
    shape = parse_shape(cast.type)
    classes = classes_of(site.program, shape)
    if classes is None:
        return None
    at = next(index for index, node in enumerate(site.path) if node is cast)
    inner = next((n for n in site.path[at + 1 :] if isinstance(n, Operator) and n.op.startswith("try")), None)
    outer = site.path[at - 1] if at else None
    throws = "unarchiveTopLevelObject" in site.call.name
    covered = _is_tried(site.path[:at])
    attempt = "" if covered else inner.op if inner is not None else "try" if throws else "try?"
    text = _swift_from_file(site, shape, classes) if site.from_file else _swift_value(site, shape, classes, attempt)
    if not site.from_file and attempt and _binds_tighter(outer) and not (text[0] == "(" and text[-1] == ")"):
        text = f"({text})"
    return site.sources.replace(site.place(cast), text), classes


def _is_tried(outer: tuple[Node, ...]) -> bool:
    """Whether a `try` further out covers an expression, operators in between notwithstanding."""
    for node in reversed(outer):
        if not isinstance(node, Operator):
            return False
        if node.op.startswith("try"):
            return True
    return False


def _swift_value(site: Site, shape: Shape, classes: Classes, attempt: str) -> str:
    call = f"{site.unarchiver}.unarchivedObject({_swift_classes(classes)}, from: {site.text(site.call.args[0])})"
    tried = f"{attempt} {call}" if attempt else call
    kept = _kept_cast(site.program, shape, site)
    if not kept:
        return tried
    return f"({tried}){kept}" if attempt and kept.startswith(" as ") else f"{tried}{kept}"


def _swift_from_file(site: Site, shape: Shape, classes: Classes) -> str:
    path = site.text(site.call.args[0])
    kept = _kept_cast(site.program, shape, site)
    call = f"{site.unarchiver}.unarchivedObject({_swift_classes(classes)}, from: $0)"
    inside = f"(try? {call}){kept}" if kept.startswith(" as ") else f"try? {call}{kept}"
    return f"(try? Data(contentsOf: URL(fileURLWithPath: {path}))).flatMap {{ {inside} }}"


def _kept_cast(program: Program, shape: Shape, site: Site) -> str:
    """What turns the object into the Swift value: nothing for a class, `as String?` for a bridged value."""
    plain = resolved_name(program, shape.name) if shape.kind == "named" else ""
    if plain in BRIDGED:
        return f" as {shape.name}?"
    if plain in NUMBERS or shape.kind != "named":
        cast = around.cast_in(site.path)
        return f" as? {cast.type}" if cast is not None else ""
    return ""


def _swift_classes(classes: Classes) -> str:
    if len(classes.names) == 1 and classes.names[0] not in ("NSArray", "NSDictionary", "NSSet", "NSOrderedSet"):
        return f"ofClass: {classes.names[0]}.self"
    return f"ofClasses: [{', '.join(f'{name}.self' for name in classes.names)}]"


def _binds_tighter(outer: Node | None) -> bool:
    """Whether what stands around an expression would become part of what `try?` covers."""
    return isinstance(outer, Member | Call) if not isinstance(outer, Operator) else not outer.op.startswith("try")


# ── Objective-C ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _objc(site: Site) -> tuple[Edit, Classes] | None:
    """A declaration or assignment becomes statements that report the error; elsewhere the call alone is replaced."""
    wanted = _expected(site)
    shape = parse_shape(wanted)
    classes = classes_of(site.program, shape) if wanted else None
    if classes is None or (not shape.args and shape.kind != "named"):
        return None  # a collection of who knows what
    statement = around.statement_in(site.path)
    target = _target(site, statement)
    if target and isinstance(statement, Let | Evaluate) and site.text(statement).rstrip().endswith((";", "]")):
        return _objc_statement(site, statement, target, classes), classes
    data = site.text(site.call.args[0])
    if site.from_file:
        data = f"[NSData dataWithContentsOfFile:{data}]"
    return site.sources.replace(site.place(site.call), _objc_call(site, classes, data, "NULL")), classes


def _objc_statement(site: Site, statement: Node, target: str, classes: Classes) -> Edit:
    unit = site.program.unit(site.ref)
    taken = unit.mentions if isinstance(unit, Function) else ()
    error = "error" if "error" not in taken else "unarchiveError"
    before = site.between(statement.start, site.call.start)
    after = site.between(site.call.end, statement.end).rstrip().rstrip(";")
    data = site.text(site.call.args[0])
    lines = [f"NSError *{error} = nil;"]
    if site.from_file:
        lines.append(f"NSData *archive = [NSData dataWithContentsOfFile:{data}];")
        made = f"archive ? {_objc_call(site, classes, 'archive', f'&{error}')} : nil"
    else:
        made = _objc_call(site, classes, data, f"&{error}")
    lines += [
        f"{before}{made}{after};",
        f"if ({target} == nil) {{",
        f'    NSLog(@"unarchive failed: %@", {error});',
        "}",
    ]
    return _over_statement(site, statement, "\n".join(lines))


def _over_statement(site: Site, statement: Node, text: str) -> Edit:
    """The edit over a statement with its semicolon, which its node may leave out."""
    data = site.sources.data(site.ref.path)
    edit = site.sources.replace(site.place(statement), text)
    if data[edit.start : edit.end].rstrip().endswith(b";"):
        return edit
    rest = data[edit.end : edit.end + 8]
    taken = len(rest) - len(rest.lstrip(b" \t")) + 1 if rest.lstrip(b" \t").startswith(b";") else 0
    return Edit(edit.path, edit.start, edit.end + taken, edit.text)


def _objc_call(site: Site, classes: Classes, data: str, error: str) -> str:
    each = [f"[{name} class]" for name in classes.names]
    if len(each) == 1:
        return f"[{site.unarchiver} unarchivedObjectOfClass:{each[0]} fromData:{data} error:{error}]"
    allowed = f"[NSSet setWithObjects:{', '.join(each)}, nil]"
    return f"[{site.unarchiver} unarchivedObjectOfClasses:{allowed} fromData:{data} error:{error}]"


def _target(site: Site, statement: Node | None) -> str:
    """The name that a statement puts the object into, when it does nothing else; "" otherwise."""
    below = [node for node in site.path[:-1] if not isinstance(node, Cast)]
    match statement:
        case Let(names=(name,)) if below and below[-1] is statement:
            return name
        case Evaluate(value=Assign(target=target, op="=") as assign) if below and below[-1] is assign:
            return around.spelled(target) and site.text(target)
        case _:
            return ""


def _expected(site: Site) -> str:
    """The type that the object is taken for: of the cast, the variable, the property, or what is returned."""
    cast = around.cast_in(site.path)
    if cast is not None:
        return cast.type
    holder = site.path[-2] if len(site.path) > 1 else None
    unit = site.program.unit(site.ref)
    match holder:
        case Let(type=text):
            return text
        case Assign(target=target):
            return type_of(site.program, site.ref, target)
        case Return() if isinstance(unit, Function):
            return unit.returns
        case _:
            return ""
