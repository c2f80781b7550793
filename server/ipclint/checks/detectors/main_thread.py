"""Whether code surely runs on the main thread: by the closure around it, its class, or those who call it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.model.facts import Function
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Block, Call, Closure, If, Literal, Local, Member, Name, Node, children
from ipclint.program.conditions import normal, shape
from ipclint.program.link import ancestors, callers, code_of, declarations
from ipclint.program.program import Program, UnitRef

MAX_CALLS_DEEP = 3
UI_CLASSES = frozenset(
    {
        *("NSViewController", "NSView", "NSWindowController", "NSWindow", "NSControl", "NSApplicationDelegate"),
        *("UIViewController", "UIView", "UIControl", "UIApplicationDelegate", "UIWindowSceneDelegate"),
    }
)
"""Whose methods are isolated to the main actor in Swift."""
_UI_CALLBACK = re.compile(
    r"application(?::|Did|Will|Should)|awakeFromNib$|loadView$|view(?:Did|Will)|window(?:Did|Will|Should)|"
    r"(?:tableView|outlineView|collectionView|browser):|numberOf\w+In\w*View:|menu(?:Did|Will|Needs)|validate\w*Item:|"
    r"control(?:Text)?(?:Did|Should)|scene:"
)
"""The methods that AppKit and UIKit call on Objective-C classes of the interface."""
_ACTING = frozenset({"async", "asyncAfter", "asyncAndWait", "sync", "addOperation", "addOperationWithBlock:"})
_DISPATCHING = frozenset({"dispatch_async", "dispatch_sync", "dispatch_after"})
INLINE = frozenset(
    {
        *(
            "autoreleasepool",
            "forEach",
            "map",
            "compactMap",
            "flatMap",
            "filter",
            "first",
            "contains",
            "reduce",
            "sorted",
        ),
        *("withLock", "withExtendedLifetime", "withUnsafeBytes", "withUnsafePointer", "withCString"),
        *("enumerateObjectsUsingBlock:", "enumerateKeysAndObjectsUsingBlock:"),
    }
)
"""Calls that run the closure they are given before they return, on the same thread."""


class Context(NamedTuple):
    """What the closures around a node say of its thread; `function`: nothing, it runs where the function does."""

    thread: OneOf["main", "other", "function"]
    by: Node | None = None  # the call that takes the code to the main thread


class OnMain(NamedTuple):
    """How code gets to the main thread. `direct` when no caller had to be followed."""

    steps: tuple[Step, ...]
    direct: bool


def on_main(program: Program, ref: UnitRef, node: Node, depth: int = 0) -> OnMain | None:
    """How a node surely comes to run on the main thread; None when that is not known."""
    context = _context(code_of(program, ref), node)
    unit = program.function(ref)
    if context.thread == "other" or unit is None:
        return None
    if context.thread == "main" and context.by is not None:
        return OnMain((Step(_place(ref, context.by), "this runs on the main thread"),), depth == 0)
    if _is_of_main(program, ref, unit):
        return OnMain((Step(Place(ref.path, ref.key, *unit.name_span), "this runs on the main thread"),), depth == 0)
    wanted = _wanted(code_of(program, ref), node, unit)
    for site in callers(program, ref) if depth < MAX_CALLS_DEEP else ():
        if not site.certain or site.caller == ref or _rules_out(site.call, wanted):
            continue
        above = on_main(program, site.caller, site.call, depth + 1)
        if above is not None:
            step = Step(_place(site.caller, site.call), f"{site.call.name.partition(':')[0]} is called here")
            return OnMain((*above.steps, step), False)
    return None


def _wanted(code: Block, node: Node, unit: Function) -> dict[int, bool]:
    """The parameters, by index, on whose being true or false it depends that a node is reached."""
    names = {param.name: index for index, param in enumerate(unit.params)}
    found: dict[int, bool] = {}
    for statement in _ancestors(code, node):
        if isinstance(statement, If) and len(statement.conditions) == 1:
            taken = any(each.start <= node.start < each.end for each in statement.then)
            subject, holds = normal(statement.conditions[0], taken)
            for name, index in names.items():
                if subject == shape(Name(0, 0, name)):
                    found[index] = holds
    return found


def _rules_out(call: Call, wanted: dict[int, bool]) -> bool:
    """Whether a call passes the opposite of what is wanted, as a constant."""
    passed = ((call.args[index], value) for index, value in wanted.items() if index < len(call.args))
    return any(isinstance(arg, Literal) and arg.kind == "bool" and (arg.text == "true") is not v for arg, v in passed)


def _context(code: Block, node: Node) -> Context:
    chain = _ancestors(code, node)
    for at in range(len(chain) - 1, -1, -1):
        if isinstance(chain[at], Local):
            return Context("other")
        if not isinstance(chain[at], Closure):
            continue
        call = next((each for each in reversed(chain[:at]) if isinstance(each, Call)), None)
        if call is None or not any(arg is chain[at] for arg in call.args):
            return Context("other")
        if goes_to_main(call):
            return Context("main", call)
        if call.name not in INLINE:
            return Context("other")
    return Context("function")


def _ancestors(code: Block, node: Node) -> list[Node]:
    """The nodes around a node, the outermost first."""
    for statement in code:
        if statement.start <= node.start and node.end <= statement.end:
            return _way(statement, node)
    return []


def _way(root: Node, node: Node) -> list[Node]:
    for child in children(root):
        if child == node:
            return [root]
        if child.start <= node.start and node.end <= child.end:
            found = _way(child, node)
            if found:
                return [root, *found]
    return []


def goes_to_main(call: Call) -> bool:
    """Whether a call runs the closure that it is given on the main thread."""
    target = call.target
    if call.name in _DISPATCHING:
        return any(isinstance(arg, Call) and arg.name == "dispatch_get_main_queue" for arg in call.args)
    if call.name == "run" and isinstance(target, Name):
        return target.text == "MainActor"
    if call.name not in _ACTING:
        return False
    return (isinstance(target, Member) and target.name == "main") or (
        isinstance(target, Call) and target.name == "mainQueue"
    )


def at_once(body: Block) -> Iterator[Node]:
    """The nodes of a body that run before it returns."""
    stack: list[Node] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Local):
            continue
        for child in reversed(children(node)):
            if not isinstance(child, Closure):
                stack.append(child)
            elif isinstance(node, Call) and node.name in INLINE:
                stack += reversed(child.body)


def _is_of_main(program: Program, ref: UnitRef, unit: Function) -> bool:
    """Whether a function is isolated to the main actor, or called by the user interface."""
    if "nonisolated" in unit.modifiers:
        return False
    if {"@MainActor", "@IBAction"} & set(unit.attributes) or "IBAction" in unit.returns:
        return True
    if not unit.owner or (unit.is_static and ":" in unit.name):
        return False
    above = ancestors(program, unit.owner)
    if any("@MainActor" in declared.attributes for _, declared in declarations(program, unit.owner)):
        return True
    if not above & UI_CLASSES:
        return False
    return ref.path.endswith(".swift") or _UI_CALLBACK.match(unit.name) is not None


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
