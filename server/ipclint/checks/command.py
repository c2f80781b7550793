"""What hostile data does to a command that is started: picks the program, writes shell text, adds options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, cast

from ipclint.checks.around import spelled
from ipclint.checks.rule import Rule
from ipclint.checks.shape import Shape
from ipclint.model.finding import Place
from ipclint.model.ir import Assign, Call, Collection, Expr, Interpolation, Member, Name, Operator, Text, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.flow_model import CallHit, Parameter, Receiver, argument_numbers, argument_parameters
from ipclint.program.flow_run import transparent
from ipclint.program.flow_search import Flow, Link
from ipclint.program.link import scope, type_of
from ipclint.program.program import Program
from ipclint.program.types import base_type
from ipclint.program.usage import uses_in

PROGRAM, SHELL, LIST, OPTION, ARGUMENT, SURROUNDINGS, VALUE = "a", "b", "c", "d", "e", "f", "g"

_FILE_URLS = frozenset(
    {"URL", "NSURL", "fileURLWithPath:", "initFileURLWithPath:", "fileURL", "FilePath", "NSString", "String"}
)
_SCRIPT_FLAG = re.compile(r"^-[a-zA-Z]*[ce]$")
_RUNNERS = frozenset({"env", "sudo", "nice", "nohup", "xcrun", "arch", "time", "caffeinate"})
MAX_STEPS = 16


class At(NamedTuple):
    """An expression in the body of link `number`."""

    number: int
    expr: Expr


def shape(rule: Rule, program: Program, flow: Flow) -> Shape:
    """What the flow does to the command. The rule's options name the tools."""
    found = _Command(rule, program, flow)
    match flow.sink.kind:
        case "command.path":
            return Shape(PROGRAM, "")
        case "command.shell":
            return Shape(SHELL, "the shell")
        case "command.argument":
            return found.arguments()
        case "command.environment" if "key" in flow.tokens:
            return Shape(VALUE, found.tool())
        case _:
            return Shape(SURROUNDINGS, found.tool())


class _Command:
    def __init__(self, rule: Rule, program: Program, flow: Flow) -> None:
        self.program = program
        self.flow = flow
        self.links: Sequence[Link] = flow.links
        self._tools = _tables(rule)

    def arguments(self) -> Shape:
        tool = self.tool()
        items = self._items(At(len(self.links) - 1, self.flow.sink.value))
        if items is None:
            return Shape(SHELL if self._is(tool, "shells") else LIST, tool)
        texts = [self._text(item) for item in items]
        while tool in _RUNNERS and texts:
            skipped = next(
                (n for n, text in enumerate(texts) if text and not text.startswith("-") and "=" not in text), None
            )
            if skipped is None:
                return Shape(PROGRAM, tool)
            tool, items, texts = _base(texts[skipped]), items[skipped + 1 :], texts[skipped + 1 :]
        tainted = [n for n, item in enumerate(items) if self._is_tainted(item)]
        tainted = tainted or [n for n, text in enumerate(texts) if not text]
        if self._is(tool, "shells"):
            return self._shell(tool, texts, tainted)
        if len(tainted) != 1:
            return Shape(LIST, tool)
        return self._single(tool, items, texts, tainted[0])

    def _shell(self, tool: str, texts: Sequence[str], tainted: Sequence[int]) -> Shape:
        flags = [n for n, text in enumerate(texts) if _SCRIPT_FLAG.match(text)]
        if any(n - 1 in flags for n in tainted):
            return Shape(SHELL, tool)
        if not flags and tainted and not any(texts[n] and not texts[n].startswith("-") for n in range(tainted[0])):
            return Shape(PROGRAM, tool)  # the script's path
        return Shape(ARGUMENT if len(tainted) == 1 else LIST, tool)

    def _single(self, tool: str, items: Sequence[At], texts: Sequence[str], number: int) -> Shape:
        item = items[number]
        if not tool or (isinstance(transparent(item.expr), Call) and self._is(tool, "deciding-tools")):
            return Shape(LIST, tool)
        guarded = "option" in self.flow.tokens or "--" in texts[:number] or _fixed_start(item.expr)
        guarded = guarded or self._is_absolute(item)
        if self._is(tool, "option-tools") and not guarded:
            argument = None
            if self._is(tool, "honour-double-dash"):
                ref = self.links[item.number].ref
                argument = Place(ref.path, ref.key, item.expr.start, item.expr.end)
            return Shape(OPTION, tool, argument)
        return Shape(LIST if self._is(tool, "deciding-tools") else ARGUMENT, tool)

    def _is_absolute(self, at: At) -> bool:
        """Whether an element is the path of a file URL, which begins with a slash."""
        expr = transparent(at.expr)
        if not isinstance(expr, Member) or expr.name != "path":
            return False
        return base_type(type_of(self.program, self.links[at.number].ref, expr.base)) in ("URL", "NSURL")

    def _is(self, tool: str, table: str) -> bool:
        return tool in self._tools.get(table, frozenset())

    # ── the program ──────────────────────────────────────────────────────────────────────────────────────────────────

    def tool(self) -> str:
        """The last component of the program's path, "" when it is not constant."""
        last = len(self.links) - 1
        sink = self.flow.sink
        for expr in self._tool_expressions(self.links[last], sink.node):
            if text := self._text(At(last, expr)):
                return _base(text)
        return ""

    def _tool_expressions(self, link: Link, node: object) -> list[Expr]:
        sink = self.flow.sink
        if isinstance(node, Call):
            api = self.program.vocabulary.apis.get(sink.api)
            positions = [flow.tool for flow in api.sink if flow.kind == sink.kind and flow.tool] if api else []
            found = [node.args[n] for position in positions for n in argument_numbers(position, len(node.args))]
            if found:
                return found
        receiver = node.target if isinstance(node, Assign | Call) else None
        if isinstance(node, Assign):
            receiver = node.target.base if isinstance(node.target, Member) else None
        uses = [
            use
            for use in uses_in(self.program, link.ref)
            if use.api.name == "process.path"
            and use.kind == "write"
            and use.args
            and spelled(use.receiver) == spelled(receiver)
        ]
        uses.sort(key=lambda use: abs(use.node.start - self.flow.sink.node.start))
        return [use.args[0] for use in uses]

    # ── expressions across calls ─────────────────────────────────────────────────────────────────────────────────────

    def _text(self, at: At) -> str:
        """The constant text of an expression, its file URL unwrapped; "" when it is not constant."""
        at = self._origin(at)
        inner = transparent(at.expr)
        while isinstance(inner, Call) and inner.name in _FILE_URLS and inner.args:
            at = self._origin(At(at.number, inner.args[0]))
            inner = transparent(at.expr)
        texts = fold(self.program, self.links[at.number].ref, at.expr)
        return texts[0] if HOLE not in texts[0] else ""

    def _items(self, at: At) -> list[At] | None:
        """The elements of a literal list, None when the list is not literal here nor where it was passed from."""
        if (listed := self._listed(at)) is not None:
            return listed
        at = self._origin(at)
        match transparent(at.expr):
            case Collection(kind="array", items=items):
                return [At(at.number, item) for item in items]
            case Operator(op="+", operands=operands):
                parts = [self._items(At(at.number, operand)) for operand in operands]
                known = [part for part in parts if part is not None]
                return [item for part in known for item in part] if len(known) == len(parts) else None
            case Call(name=name, args=args) if name in ("arrayWithObjects:", "initWithObjects:", "arrayWithObject:"):
                return [At(at.number, arg) for arg in args if not _is_nil(arg)]
            case _:
                return None

    def _listed(self, at: At) -> list[At] | None:
        """The arguments that a caller lists for a variadic parameter, None for another expression."""
        expr, function = transparent(at.expr), self.program.function(self.links[at.number].ref)
        before = self.links[at.number - 1].leaves if at.number else None
        if not isinstance(expr, Name) or function is None or not isinstance(before, CallHit):
            return None
        if not isinstance(before.node, Call) or before.callee != self.links[at.number].ref:
            return None
        numbers = argument_parameters(function, before.node)
        params = [function.params[number] for number in numbers.values()]
        if not any(param.name == expr.text and param.type.endswith("...") for param in params):
            return None
        args = zip(numbers, params, strict=True)
        return [At(at.number - 1, before.node.args[arg]) for arg, param in args if param.name == expr.text]

    def _origin(self, at: At) -> At:
        """Where a name got its only value from: a local's initialiser, or the argument that the caller passed."""
        for _ in range(MAX_STEPS):
            expr = transparent(at.expr)
            if not isinstance(expr, Name):
                return At(at.number, expr)
            further = self._passed(at.number, expr.text) or self._initialised(at.number, expr.text)
            if further is None:
                return At(at.number, expr)
            at = further
        return at

    def _passed(self, number: int, name: str) -> At | None:
        link = self.links[number]
        function = self.program.function(link.ref)
        if function is None or number == 0:
            return None
        before = self.links[number - 1].leaves
        if not isinstance(before, CallHit) or before.callee != link.ref or not isinstance(before.node, Call):
            return None
        for argument, parameter in argument_parameters(function, before.node).items():
            if function.params[parameter].name == name:
                return At(number - 1, before.node.args[argument])
        return None

    def _initialised(self, number: int, name: str) -> At | None:
        ref = self.links[number].ref
        bindings = [b for b in scope(self.program, ref).get(name, ()) if b.kind != "closure"]
        values = [binding.value for binding in bindings if binding.kind == "let" and binding.value is not None]
        for node in walk(self.program.body(ref)):
            if (
                isinstance(node, Assign)
                and isinstance(node.target, Name)
                and node.target.text == name
                and node.op == "="
            ):
                values.append(node.value)
        values = [value for value in values if not _is_nil(value)]
        return At(number, values[0]) if len(values) == 1 else None

    def _is_tainted(self, at: At) -> bool:
        """Whether an element names something that the story passes through in its body."""
        link = self.links[at.number]
        names = {hop.text for hop in link.leaves.story.hops if hop.kind in ("assign", "append")}
        function = self.program.function(link.ref)
        if isinstance(link.input, Parameter) and function is not None:
            names.add(function.params[link.input.number].name)
        elif isinstance(link.input, Receiver) and link.input.path:
            names.add(link.input.path[0])
        elif not isinstance(link.input, Parameter) and hasattr(link.input, "name"):
            names.add(link.input.name)  # type: ignore[union-attr]
        hops = {(hop.start, hop.end) for hop in link.leaves.story.hops}
        return any(
            (isinstance(node, Name) and node.text.lstrip("_") in names)
            or (isinstance(node, Member) and node.name in names)
            or (node.start, node.end) in hops
            for node in walk(at.expr)
        )


def _fixed_start(expr: Expr) -> bool:
    """Whether a text begins with a constant that is no option's end: `"--name=\\(x)"`, `"/dir/\\(x)"`."""
    match transparent(expr):
        case Interpolation(parts=(Text(value=value), *_)) | Operator(op="+", operands=(Text(value=value), *_)):
            return bool(value)
        case _:
            return False


def _tables(rule: Rule) -> dict[str, frozenset[str]]:
    """The lists of tools in the rule's options."""
    tables: dict[str, frozenset[str]] = {}
    for name, value in rule.options.items():
        if isinstance(value, list | tuple):
            tables[name] = frozenset(str(each) for each in cast("list[object]", value))
    return tables


def _is_nil(expr: Expr) -> bool:
    return getattr(expr, "kind", "") == "nil"


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
