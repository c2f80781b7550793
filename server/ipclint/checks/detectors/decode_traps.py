"""XPC208: decodes of what another process sent that end the process when it is malformed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.coding_class import owner_class
from ipclint.checks.detectors.coding_evidence import crossings
from ipclint.checks.detectors.deadly_guards import ENDS, TESTS, Dependence, decided, ends, tested
from ipclint.checks.detectors.proxies import reply_blocks
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import (
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Param,
    Subscript,
    Text,
    children,
    walk,
)
from ipclint.program.arrivals import arrivals
from ipclint.program.flow_model import argument_parameters
from ipclint.program.known import Fact, State, watch
from ipclint.program.link import closures_in, naming, sites_in, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

MAX_DEPTH = 12  # from a value back to what arrived
ITEM_LOADERS = frozenset({"loadItem", "loadObject", "loadDataRepresentation", "loadFileRepresentation"})
DECODES = re.compile(
    r"^(?:decode\w*|unarchive\w*|jsonObject|propertyList|JSONObjectWithData|propertyListWithData|parse\w*)(?::|$)", re.I
)
MESSAGES = frozenset({"XPCReceivedMessage", "XPCDictionary", "WKScriptMessage"})
CODER_DECODES = re.compile(r"^decode(?:TopLevel)?(?:Object|ArrayOfObjects|Dictionary|PropertyList)")
INSERTS = frozenset({"addObject:", "insertObject:atIndex:", "setObject:forKey:", "arrayWithObject:", "setWithObject:"})
"""Messages that raise when they are given nil."""

MAY_BE_MISSING = frozenset(
    {"first", "last", "min", "max", "firstIndex", "lastIndex", "range", "firstRange", "firstMatch", "popLast", "index"}
    | {"host", "scheme", "query", "fragment", "port", "removingPercentEncoding", "string"}
)
"""What texts, lists, addresses and pasteboards have only with some contents, by the names of methods and properties."""
_ADDRESSES = re.compile(r"UIOpenURLContext|\[URL\]|NSURL\s*\*\s*>")


class Trap(NamedTuple):
    """`node` ends the process when `value` is not as expected. `how` is its spelling: "!", "as!", "try!", "@[]"."""

    node: Node
    value: Expr
    how: str
    sure: bool


@detector("decode-failure-traps", on="function")
@detector("decode-failure-traps", on="variable")
def decode_failure_traps(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    sent = {(each.param.start, each.param.name): each.kind for each in arrivals(program, ref)}
    params = unit.params if isinstance(unit, Function) else ()
    if isinstance(unit, Function) and not sent and not (ENDS | TESTS).isdisjoint(unit.mentions):
        sent = dict(_handed(program, ref, unit))
    sent |= {(param.start, param.name): "item" for param in _items(program, ref)}
    sent |= {(param.start, param.name): "message" for param in _messages(program, ref, params)}
    coder = _coder(program, ref, unit) if isinstance(unit, Function) else None
    if coder is not None:
        sent[coder.start, coder.name] = "coder"
    answered = {(param.start, param.name): "reply" for _, block in reply_blocks(program, ref) for param in block.params}
    name = unit.signature if isinstance(unit, Function) else unit.name
    for each, context in ((sent, ""), ({key: kind for key, kind in answered.items() if key not in sent}, "reply")):
        watcher = _Watcher(program, ref, each)
        if each:
            watch(program.body(ref), params, watcher)
        for trap in _outermost(watcher.traps):
            yield rule.finding(
                Place(ref.path, ref.key, trap.node.start, trap.node.end),
                "certain" if trap.sure else "likely",
                context=context or ("literal" if trap.how == "@[]" else ""),
                holes={
                    "how": trap.how,
                    "function": name,
                    "value": Place(ref.path, ref.key, trap.value.start, trap.value.end),
                },
            )


def _coder(program: Program, ref: UnitRef, unit: Function) -> Param | None:
    """The coder of a class that crosses a process boundary, in the initialiser that decodes it."""
    if unit.selector != "initWithCoder:" or not unit.params:
        return None
    owner = owner_class(program, ref)
    return unit.params[0] if owner is not None and crossings(program, owner.name) else None


def _handed(program: Program, ref: UnitRef, unit: Function) -> Iterator[tuple[tuple[int, str], str]]:
    """The parameters into which a method that another process calls hands what arrived, as it came."""
    for caller in naming(program, ref):
        sent = {each.param.name for each in arrivals(program, caller)}
        for site in sites_in(program, ref, caller) if sent else ():
            for number, param in argument_parameters(unit, site.call).items() if site.certain else ():
                argument = site.call.args[number]
                if isinstance(argument, Name) and argument.text in sent:
                    yield (unit.params[param].start, unit.params[param].name), "handed"


def _items(program: Program, ref: UnitRef) -> Iterator[Param]:
    """What closures are given that load an item of another app."""
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.name.partition(":")[0].partition("For")[0] in ITEM_LOADERS:
            for argument in node.args:
                if isinstance(argument, Closure) and argument.params:
                    yield argument.params[0]


def _messages(program: Program, ref: UnitRef, own: tuple[Param, ...]) -> Iterator[Param]:
    """Parameters that are messages by their type, of the function and of the closures in it."""
    yield from (param for param in own if base_type(param.type) in MESSAGES)
    for closure, types in closures_in(program, ref):
        yield from (param for param, type in zip(closure.params, types, strict=True) if base_type(type) in MESSAGES)


def _outermost(traps: Iterable[Trap]) -> Iterator[Trap]:
    """One trap a value: `(x as! A).b!` is told once."""
    end = -1
    for trap in sorted(set(traps), key=lambda trap: (trap.node.start, -trap.node.end)):
        if trap.node.start >= end:
            end = trap.node.end
            yield trap


class _Watcher:
    """Keeps "present" and "is" of the expressions that code looked at before it forces them."""

    def __init__(self, program: Program, ref: UnitRef, sent: dict[tuple[int, str], str]) -> None:
        self.program, self.ref, self.sent = program, ref, sent
        self.swift = ref.path.endswith(".swift")
        self.traps: list[Trap] = []
        body = program.body(ref)
        self.decoder = "coder" in sent.values() and len(body) > 1  # one that only refuses is XPC201's matter

    def learn(self, condition: Expr, holds: bool, state: State) -> Iterable[Fact]:
        match condition:
            case Operator(op="!=" | "==" as op, operands=(subject, Literal(kind="nil"))):
                return (Fact(spelling(subject), "present"),) if holds == (op == "!=") else ()
            case Cast(op="is", value=value):
                return (Fact(spelling(value), "is"),) if holds else ()
            case Call(target=target, name=name, args=(value, *_)) if name in ("isKindOfClass:", "respondsToSelector:"):
                return (Fact(spelling(target), "is"),) if target is not None and holds else ()
            case Call(args=args) if holds:  # a test of the program's own, or `keys.contains("k")`
                return tuple(Fact(spelling(each), "present") for each in args)
            case Cast(op="as?", value=value):
                return (Fact(spelling(value), "is"), Fact(spelling(value), "present")) if holds else ()
            case _:
                return (Fact(spelling(condition), "present"),) if holds else ()

    def given(self, name: str, value: Expr, state: State) -> Iterable[Fact]:
        source = spelling(value)
        return tuple(Fact(name, fact.what) for fact in state.facts if source and fact.subject == source)

    def matched(self, over: Expr, patterns: tuple[Expr, ...], state: State) -> Iterable[Fact]:
        return (Fact(spelling(over), "is"),)

    def see(self, node: Node, state: State) -> Iterable[Fact]:
        match node:
            case Operator(op="unwrap", operands=(value,)) if self.swift:
                self._unwrapped(node, value, state)
            case Operator(op="try!", operands=(value,)):
                self._tried(node, value, state)
            case Cast(op="as!", value=value) if not state.knows(spelling(value), "is"):
                if (origin := self._origin(value, state)) and not self._is_bridge(value, node.type):
                    self.traps.append(Trap(node, value, "as!", origin != "likely"))
            case Collection(items=items) if not self.swift:
                self._inserted(node, items, state)
            case Call(name=name, args=(value, *_)) if name in INSERTS:
                self._inserted(node, (value,), state)
            case Call() if ends(node, self.swift):
                looks = "is" if self.decoder else decided(self.program, self.ref, node, lambda n: self._looks(n, state))
                self._ended(node, looks)
            case Call() if (test := tested(node, self.swift)) is not None:
                self._ended(node, self._looks(test, state))
            case _:
                pass
        return ()

    # ── what traps ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _unwrapped(self, node: Node, value: Expr, state: State) -> None:
        """`!` on what a decode gave, on an element of what arrived, or on what a conversion makes of it."""
        if state.knows(spelling(value), "present"):
            return
        match value:
            case Subscript(base=base) if self._origin(base, state):
                self.traps.append(Trap(node, value, "!", True))
            case Cast(op="as?", value=inner) if self._origin(inner, state):
                self.traps.append(Trap(node, value, "!", True))
            case Cast(op="as", value=inner):
                self._unwrapped(node, inner, state)
            case Call() if self._decodes(value, state):
                self.traps.append(Trap(node, value, "!", True))
            case Call(target=base, name=name) | Member(base=base, name=name) if name in MAY_BE_MISSING:
                if base is not None and not self._is_given_by_system(base, state) and self._origin(base, state):
                    self.traps.append(Trap(node, value, "!", True))
            case Operator(op="try?", operands=(Call() as inner,)) if self._decodes(inner, state):
                self.traps.append(Trap(node, value, "!", True))
            case Name(text=text):
                held = state.values.get(text, ())
                if len(held) == 1 and isinstance(held[0], Call | Operator | Cast | Subscript):
                    self._unwrapped(node, held[0], state)
                elif len(held) == 1 and isinstance(held[0], Param) and held[0].type.rstrip().endswith("?"):
                    if self._held(held[0], state, 0):
                        self.traps.append(Trap(node, value, "!", True))
            case _:
                pass

    def _ended(self, node: Call, looks: Dependence) -> None:
        if looks != "no":
            sure = looks == "is" and "handed" not in self.sent.values() and node.name != "assert"
            self.traps.append(Trap(node, node, node.name, sure))

    def _looks(self, test: Node, state: State) -> Dependence:
        """Whether a test looks at what arrived, at something decoded from it, or at what was made of it otherwise."""
        names = list(_chosen(test))
        if any(self._origin(name, state) for name in names if not self._is_given_by_system(name, state)):
            return "is"
        held = (value for name in names for value in state.values.get(name.text, ()) if not isinstance(value, Param))
        made = (name for value in held for name in _chosen(value) if not self._is_given_by_system(name, state))
        return "made of" if any(self._origin(name, state) for name in made) else "no"

    def _is_given_by_system(self, name: Expr, state: State) -> bool:
        """Whether a name is the list of addresses that an app is to open, which always has one."""
        held = state.values.get(name.text, ()) if isinstance(name, Name) else ()
        return any(isinstance(each, Param) and _ADDRESSES.search(each.type) for each in held)

    def _tried(self, node: Node, value: Expr, state: State) -> None:
        while isinstance(value, Operator | Cast) and not (isinstance(value, Operator) and len(value.operands) != 1):
            value = value.operands[0] if isinstance(value, Operator) else value.value
        if isinstance(value, Call) and self._decodes(value, state):
            self.traps.append(Trap(node, value, "try!", True))

    def _inserted(self, node: Node, items: Iterable[Expr], state: State) -> None:
        """nil in a literal, or added to a collection, raises."""
        for item in items:
            name = spelling(item)
            held = state.values.get(item.text, ()) if isinstance(item, Name) else (item,)
            decoded = [each for each in held if isinstance(each, Call) and CODER_DECODES.match(each.name)]
            if len(held) == 1 and decoded and not state.knows(name, "present") and self._decodes(decoded[0], state):
                self.traps.append(Trap(node, item, "@[]", True))

    # ── where it comes from ──────────────────────────────────────────────────────────────────────────────────────────

    def _decodes(self, call: Call, state: State) -> bool:
        """Whether a call makes something of what arrived that it may not be able to."""
        if call.target is not None and self._origin(call.target, state) == "coder":
            return CODER_DECODES.match(call.name) is not None
        converts = call.target is None and call.name[:1].isupper()
        if not converts and not DECODES.match(call.name):
            return False
        parts = (*call.args, *((call.target,) if call.target is not None else ()))
        return any(self._origin(each, state) for each in parts)

    def _origin(self, value: Expr, state: State, depth: int = 0) -> str:
        """The kind of what an expression is part of, or made from: "ipc.xpc", "coder"…; "" when it came from nobody."""
        if depth > MAX_DEPTH:
            return ""
        match value:
            case Name(text=text):
                held = state.values.get(text, ())
                kinds = (self._held(each, state, depth) for each in held)
                return next(filter(None, kinds), "") if len(held) == 1 else ""
            case Member(base=base) | Subscript(base=base) if base is not None:
                return self._origin(base, state, depth + 1)
            case Cast(value=inner) | Operator(op="unwrap" | "try" | "try?" | "try!" | "await", operands=(inner,)):
                return self._origin(inner, state, depth + 1)
            case Call(target=target, name=name) if target is not None and CODER_DECODES.match(name):
                return self._origin(target, state, depth + 1)
            case Call() if self._decodes(value, state):
                return "decoded"
            case _:
                return ""

    def _held(self, value: Expr | Param, state: State, depth: int) -> str:
        if isinstance(value, Param):
            return self.sent.get((value.start, value.name), "")
        return self._origin(value, state, depth + 1)

    def _is_bridge(self, value: Expr, wanted: str) -> bool:
        """A cast that cannot fail: from `String` to `NSString`."""
        given = base_type(type_of(self.program, self.ref, value))
        return bool(given) and given.removeprefix("NS") == base_type(wanted).removeprefix("NS")


def _chosen(node: Node) -> Iterator[Name]:
    """The names in an expression but those of events whose kind is asked: that is XPC's to say, not the peer's."""
    if isinstance(node, Call) and node.name == "xpc_get_type":
        return
    if isinstance(node, Name):
        yield node
    for child in children(node):
        yield from _chosen(child)


def spelling(expr: Expr | None) -> str:
    """A text for an expression that reads the same wherever the code has it; "" for what has effects."""
    match expr:
        case Name(text=text):
            return text
        case Literal(text=text) | Text(value=text):
            return f"“{text}”"
        case Member(base=base, name=name):
            return f"{spelling(base)}.{name}"
        case Subscript(base=base, args=args):
            inner = spelling(base)
            return f"{inner}[{','.join(map(spelling, args))}]" if inner else ""
        case Cast(value=value) | Operator(op="unwrap" | "?", operands=(value,)):
            return spelling(value)
        case _:
            return ""
