"""A class brought to NSSecureCoding as a whole (fix F06 of the catalogue): what it adopts, declares and decodes.

The classes above it in the program are brought along, for their decoders run as well. The result is safe when every
decode got exactly the class that the code expects and nothing else changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.builders import coding_style as style
from ipclint.checks.builders.coding_decode import typed_decode
from ipclint.checks.builders.coding_members import missing_members
from ipclint.checks.builders.coding_properties import Member, coding_superclasses
from ipclint.checks.builders.coding_style import insert_before_member, insert_last_member, objc_method, swift_getter
from ipclint.checks.detectors.coding_class import Coded, coded, subclasses
from ipclint.checks.detectors.coding_decodes import untyped_decodes
from ipclint.checks.detectors.coding_shapes import is_sdk_class, is_secure_class
from ipclint.checks.edits import indent_of, level_of
from ipclint.checks.fix import Sources
from ipclint.model.facts import Type, Variable
from ipclint.model.finding import Edit, Place
from ipclint.program.link import is_outside
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type


class Refused(Exception):
    """A class that cannot be brought to NSSecureCoding by edits alone; the text says why."""


class Plan:
    """The edits for a class and the classes it needs, collected once each."""

    def __init__(self, program: Program, sources: Sources, near: str) -> None:
        self.program = program
        self.sources = sources
        self.near = near  # the path of the finding: which of several classes of one name is meant
        self.edits: dict[Edit, None] = {}
        self.safe = True
        self._planned: set[str] = set()
        self._decoded: set[str] = set()

    def add(self, name: str) -> None:
        """Bring class `name` and its superclasses to NSSecureCoding. Raises Refused."""
        found = coded(self.program, name, self.near)
        if found is None or found.name in self._planned:
            return
        self._planned.add(found.name)
        for each in reversed(coding_superclasses(self.program, found)):
            self.add(each.name)
        self._class(found)

    def finish(self) -> None:
        """Judge whether what the typed decodes allow can be decoded securely."""
        if not all(is_secure_class(self.program, name, self.near) or name in self._planned for name in self._decoded):
            self.safe = False

    def _class(self, found: Coded) -> None:
        if found.parent not in ("NSObject", "") and is_outside(self.program, found.parent):
            self.safe = False  # its decoder runs as well, and is not here
            if found.is_swift and not is_sdk_class(found.parent):
                raise Refused(f"{found.parent}, the superclass of {found.name}, is not here")
        self._adoption(found)
        members = missing_members(self.program, found, self.sources)
        if members is None:
            raise Refused(f"{found.name} keeps values that cannot be coded")
        if members:
            self.safe = False
            for needed in (name for member in members for name in member.needs):
                self.add(needed)
        else:
            self._decodes(found)
        self._support(found, members)

    # ── adopting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _adoption(self, found: Coded) -> None:
        for ref in found.adopts:
            unit = self.program.unit(ref)
            if isinstance(unit, Type) and "NSSecureCoding" not in unit.inherits:
                place = Place(ref.path, ref.key, *unit.inherits_span)
                self._replace(place, re.sub(r"\bNSCoding\b", "NSSecureCoding", self.sources.text(place), count=1))
        if not found.adopts and not coding_superclasses(self.program, found):
            self._adopt(found)

    def _adopt(self, found: Coded) -> None:
        """Write NSSecureCoding into the inheritance clause of a class that does not say yet that it codes itself."""
        self.safe = self.safe and found.level != "none"
        unit = self.program.unit(found.main)
        if not isinstance(unit, Type) or found.parent != "NSObject":
            raise Refused(f"{found.name} does not inherit from NSObject")
        place = Place(found.main.path, found.main.key, *unit.inherits_span)
        text = self.sources.text(place)
        if found.is_swift:
            self._replace(place, f"{text}, NSSecureCoding")
        else:
            self._replace(place, f"{text}, NSSecureCoding" if text else " <NSSecureCoding>")

    # ── decoding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _decodes(self, found: Coded) -> None:
        for ref in self._coder_functions(found):
            for decode in untyped_decodes(self.program, ref):
                typed = typed_decode(self.program, ref, decode, self.sources)
                if typed is None:
                    raise Refused(f"{found.name} decodes a value of unknown class")
                self.edits.update(dict.fromkeys(typed.edits))
                self._decoded.update(typed.classes)
                self.safe = self.safe and typed.safe

    def _coder_functions(self, found: Coded) -> Iterator[UnitRef]:
        """The decoder, and the class's other methods that decode from a coder they are handed."""
        for ref in found.members:
            function = self.program.function(ref)
            if function is not None and any(base_type(param.type) == "NSCoder" for param in function.params):
                yield ref

    # ── supportsSecureCoding ─────────────────────────────────────────────────────────────────────────────────────────

    def _support(self, found: Coded, members: tuple[Member, ...]) -> None:
        above = coding_superclasses(self.program, found)
        if found.support is not None:
            self._declare_true(found)
            added = ""
        elif found.decoder is None and not members and (above or not found.adopts):
            added = ""  # what a superclass declares holds for a class that decodes nothing of its own
        else:
            added = self._declaration(found, above)
        texts = [text for text in (added, *(member.text for member in members if not member.replaces)) if text]
        for member in members:
            if member.replaces is not None:
                self.edits[self.sources.replace(member.replaces, member.text)] = None
        if texts:
            self._insert(found, texts)

    def _declare_true(self, found: Coded) -> None:
        support = found.support
        if support is None or support.value is True:
            return
        if support.value is None or support.literal is None or support.body is None:
            raise Refused(f"{found.name} computes supportsSecureCoding")
        truth = "true" if found.is_swift else "YES"
        literal = support.literal
        self._replace(Place(support.body.path, support.body.key, literal.start, literal.end), truth)

    def _declaration(self, found: Coded, above: tuple[Coded, ...]) -> str:
        data = self.sources.data((found.decoder or self._body(found)).path)
        if not found.is_swift:
            return objc_method(data, "+ (BOOL)supportsSecureCoding", "return YES;")
        overrides = bool(above) or found.parent not in ("NSObject", "")
        if above:
            self._unseal(above[-1] if above[-1].support else above[0])
        words = [self._access(found), "override" if overrides else "", self._keyword(found)]
        return swift_getter(data, " ".join(word for word in (*words, "var supportsSecureCoding: Bool") if word), "true")

    def _access(self, found: Coded) -> str:
        unit = self.program.unit(found.main)
        modifiers = unit.modifiers if isinstance(unit, Type) else ()
        return next((each for each in modifiers if each in ("public", "open", "package")), "")

    def _keyword(self, found: Coded) -> str:
        """`class` where a subclass has to be able to say the same for itself."""
        unit = self.program.unit(found.main)
        modifiers = unit.modifiers if isinstance(unit, Type) else ()
        if "final" in modifiers:
            return "static"
        return "class" if "open" in modifiers or subclasses(self.program, found.name) else "static"

    def _unseal(self, above: Coded) -> None:
        """`static var` cannot be overridden: the superclass has to say `class var`."""
        support = above.support
        unit = self.program.unit(support.ref) if support is not None else None
        if support is None or not isinstance(unit, Variable) or "class" in unit.modifiers:
            return
        self.safe = False
        whole = self.sources.span(Place(support.ref.path, support.ref.key, 0, 0))
        name = self.sources.span(Place(support.ref.path, support.ref.key, *unit.name_span))
        data = self.sources.data(support.ref.path)
        head = data[whole.start : name.start].decode()
        if unit.computed:
            text = re.sub(r"\bstatic\b", "class", head, count=1)
            self.edits[Edit(support.ref.path, whole.start, name.start, text)] = None
        else:
            raise Refused(f"{above.name} stores supportsSecureCoding, which a subclass cannot override")

    # ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _insert(self, found: Coded, texts: list[str]) -> None:
        """Before the first of the coder's methods; a coder made from nothing goes last in the class."""
        ref = self._first_coder_method(found)
        if ref is not None:
            span = self.sources.extent(ref)
            edit = insert_before_member(ref.path, self.sources.data(ref.path), span.start, "\n\n".join(texts))
            self.edits[edit] = None
            return
        body = self._body(found)
        unit = self.program.unit(body)
        data = self.sources.data(body.path)
        if not isinstance(unit, Type):
            raise Refused(f"{found.name} has no body to write into")
        extent = self.sources.extent(body)
        objc = not found.is_swift
        closing = style.closing_of(data, extent, objc)
        indent = "" if objc else indent_of(data, extent.start) + level_of(data)
        text = style.section(data, "NSSecureCoding", objc) + "\n\n".join(texts)
        self.edits[insert_last_member(body.path, data, closing, indent, text)] = None

    def _first_coder_method(self, found: Coded) -> UnitRef | None:
        refs = [ref for ref in (found.decoder, found.encoder) if ref is not None]
        home = refs[0].path if refs else ""
        here = [ref for ref in refs if ref.path == home]
        return min(here, key=lambda ref: self.sources.span(Place(ref.path, ref.key, 0, 0)).start, default=None)

    def _body(self, found: Coded) -> UnitRef:
        """Where methods of the class are written: the Swift class, the @implementation."""
        if found.is_swift:
            return found.main
        for ref in found.units:
            if isinstance(unit := self.program.unit(ref), Type) and unit.kind == "implementation":
                return ref
        raise Refused(f"the @implementation of {found.name} is not here")

    def _replace(self, place: Place, text: str) -> None:
        span = self.sources.span(place)
        self.edits[Edit(place.path, span.start, span.end, text)] = None


def adopt_secure_coding(program: Program, name: str, near: str, sources: Sources) -> Plan | None:
    """The edits for class `name`, the one nearest to path `near`; None when edits alone cannot do it."""
    plan = Plan(program, sources, near)
    try:
        plan.add(name)
    except Refused:
        return None
    plan.finish()
    return plan if plan.edits else None
