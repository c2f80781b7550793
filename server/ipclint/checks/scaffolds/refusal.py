"""How an exported method says no: the reply that it owes its caller, or what it returns."""

from __future__ import annotations

from ipclint.checks.detectors.coding_shapes import expanded
from ipclint.checks.detectors.coding_slots import block_arguments
from ipclint.model.facts import Function
from ipclint.model.ir import Param
from ipclint.program.flow_model import NUMERIC, is_function_type
from ipclint.program.program import Program
from ipclint.program.types import base_type

_TRUTHS = frozenset({"Bool", "BOOL", "bool", "Boolean"})
_NUMBERS = frozenset(
    {name for name in NUMERIC if not name.startswith(("NS", "CG", "CF"))} | {"NSInteger", "NSUInteger"}
)
_ERRORS = frozenset({"Error", "NSError"})
_NOTHING = frozenset({"", "Void", "()", "void", "oneway void"})


def refusal(program: Program, function: Function, swift: bool) -> list[str] | None:
    """The lines that refuse, `return` last; None when it is not known what a caller waits for."""
    blocks = [param for param in function.params if is_function_type(expanded(program, param.type))]
    if len(blocks) > 1:
        return None
    if "throws" in function.modifiers:
        return ["throw CocoaError(.formatting)"]
    replies: list[str] = []
    if blocks:
        call = _reply(program, blocks[0], swift)
        if call is None:
            return None
        replies.append(call)
    if function.returns.strip() in _NOTHING:
        return [*replies, "return" if swift else "return;"]
    value = _refusing(function.returns, swift)
    return None if value is None else [*replies, f"return {value}" if swift else f"return {value};"]


def _reply(program: Program, block: Param, swift: bool) -> str | None:
    values = [_refusing(each, swift) for each in block_arguments(expanded(program, block.type))]
    if None in values:
        return None
    optional = "?" if swift and block.type.rstrip().endswith("?") else ""
    return f"{block.name}{optional}({', '.join(value or '' for value in values)}){'' if swift else ';'}"


def _refusing(text: str, swift: bool) -> str | None:
    """A value of a type that says no, or nothing; None where there is none to think of."""
    plain = base_type(text)
    if plain in _ERRORS:
        if not swift:
            return "[NSError errorWithDomain:NSCocoaErrorDomain code:NSFormattingError userInfo:nil]"
        return "CocoaError(.formatting)" + (" as NSError" if plain == "NSError" else "")
    if plain in _TRUTHS:
        return "false" if swift else "NO"
    if (swift and text.rstrip().endswith("?")) or (not swift and "*" in text):
        return "nil"
    if plain in _NUMBERS and "*" not in text:
        return "0"
    if swift and plain == "String":
        return '""'
    return None
