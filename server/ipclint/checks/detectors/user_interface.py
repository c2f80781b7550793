"""What only the main thread may touch: objects of the user interface, and what views are bound to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors.main_thread import at_once
from ipclint.model.facts import Variable
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Assign, Block, Call, Evaluate, Expr, Member, Name, Node
from ipclint.program.callback_names import bare
from ipclint.program.link import (
    ancestors,
    declarations,
    is_outside,
    members,
    owner_of,
    property_type,
    resolve,
    scope,
    type_of,
)
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

MAX_CALLS_DEEP = 4

# fmt: off
CLASSES = frozenset({
    "NSApplication", "NSResponder", "NSPanel", "NSOpenPanel", "NSSavePanel", "NSAlert", "NSMenu", "NSMenuItem", "NSBox",
    "NSStatusItem", "NSPopover", "NSToolbar", "NSToolbarItem", "NSTextField", "NSSearchField", "NSSecureTextField",
    "NSSlider", "NSSwitch", "NSStepper", "NSProgressIndicator", "NSLevelIndicator", "NSComboBox", "NSTokenField",
    "NSDatePicker", "NSColorWell", "NSBrowser", "NSMatrix", "NSForm", "NSTableColumn", "NSTabViewItem", "NSDockTile",
    "UIApplication", "UIResponder", "UIScreen", "UILabel", "UISwitch", "UISlider", "UIStepper", "UITextField",
    "UIDatePicker", "UISearchBar", "UINavigationBar", "UINavigationItem", "UITabBar", "UITabBarItem", "UIToolbar",
    "UIBarButtonItem", "UIRefreshControl", "UIAlertController", "UINavigationController", "UITabBarController",
    "UISplitViewController", "UISearchController",
})
# fmt: on
"""Classes of AppKit and UIKit that are isolated to the main actor, beside those whose names tell."""
_NAMED = re.compile(
    r"(?:NS|UI|WK|MK|MTK|SCN|SK|PDF|AVPlayer|Web)\w*?(?:View|Window|Control|Button|Cell)(?:Controller)?$"
)
_APPLICATION = "NSApp"
_PARTS = frozenset(
    {"view", "window", "contentView", "superview", "contentViewController", "parentViewController", "button"}
)
"""Properties of controllers, views and windows that hold others."""
_PANELS = frozenset({"NSRunAlertPanel", "NSRunCriticalAlertPanel", "NSRunInformationalAlertPanel", "NSBeginAlertSheet"})
_ASKING = frozenset({"runModal"})
"""Methods that do something although they take nothing and give something back."""
_ANY_THREAD = re.compile(
    r"perform(?:Selector.*)?(?::|$)|(?:add|remove)Observer|(?:will|did)ChangeValue|isKind|respondsTo|conformsTo|"
    r"responds$|value(?::|$|ForKey)|isEqual|copy|mutableCopy|retain|release|autorelease|init|alloc|new$|class$"
)
"""Methods of every object, which touch nothing of the interface."""


class Touch(NamedTuple):
    """Where code touches the interface: what it calls or sets; `steps` are the calls that lead there from `node`.

    `published` when it is no view that is touched but what views show as it changes.
    """

    node: Node
    name: str
    published: bool = False
    steps: tuple[Step, ...] = ()


def touches(program: Program, ref: UnitRef, body: Block, depth: int = MAX_CALLS_DEEP) -> Iterator[Touch]:
    """Where a body of unit `ref` touches the interface before it returns, through calls of the program too."""
    statements = {id(node.value) for node in at_once(body) if isinstance(node, Evaluate)}
    for node in at_once(body):
        if isinstance(node, Assign):
            found = _written(program, ref, node)
        elif isinstance(node, Call):
            found = _called(program, ref, node, id(node) in statements, depth)
        else:
            continue
        if found is not None:
            yield found


@query(bottom=None)
def _first_touch(program: Program, ref: UnitRef, depth: int) -> Touch | None:
    """The first touch of a function; None for one that runs elsewhere, or asks first which thread it is on."""
    function = program.function(ref)
    if function is None or not function.body or "async" in function.modifiers:
        return None
    if not {"isMainThread", "dispatchPrecondition", "pthread_main_np"}.isdisjoint(function.mentions):
        return None
    return next(touches(program, ref, program.body(ref), depth), None)


def _written(program: Program, ref: UnitRef, node: Assign) -> Touch | None:
    target = bare(node.target)
    if isinstance(target, Member) and target.base is not None:
        owner = _type(program, ref, target.base)
    else:
        return None
    declared = members(program, owner, target.name) if owner else ()
    if any(_is_published(program.unit(each)) for each in declared):
        return Touch(node, target.name, published=True) if _is_observed(program, owner) else None
    if not declared and is_interface(program, owner):
        return Touch(node, target.name)
    return None


def _is_published(unit: object) -> bool:
    return isinstance(unit, Variable) and "@Published" in unit.attributes


def _is_observed(program: Program, owner: str) -> bool:
    return "ObservableObject" in ancestors(program, owner)


def _called(program: Program, ref: UnitRef, call: Call, alone: bool, depth: int) -> Touch | None:
    if call.target is None and call.name in _PANELS:
        return Touch(call, call.name)
    resolution = resolve(program, ref, call)
    if resolution.refs:
        sure = resolution.certain and len(resolution.refs) == 1 and resolution.refs[0] != ref
        return _through(program, call, resolution.refs[0], depth) if sure and depth else None
    if call.target is None or _ANY_THREAD.match(call.name):
        return None
    asks = call.args or alone or call.name in _ASKING  # what gives something back for nothing may be but a getter
    owner = _type(program, ref, call.target) if asks else ""
    return Touch(call, call.name.partition(":")[0]) if is_interface(program, owner) else None


def _through(program: Program, call: Call, callee: UnitRef, depth: int) -> Touch | None:
    inner = _first_touch(program, callee, depth - 1)
    if inner is None:
        return None
    does = "is called" if inner.steps else "sets what views show" if inner.published else "touches the user interface"
    step = Step(_place(callee, inner.node), f"{inner.name} {does}")
    return Touch(call, call.name.partition(":")[0], inner.published, (step, *inner.steps))


def _type(program: Program, ref: UnitRef, expr: Expr) -> str:
    """The type of an object, "" for a type itself; a view's window or a controller's view is an NSResponder."""
    held, owner = bare(expr), owner_of(program, ref)
    if isinstance(held, Name) and held.text == _APPLICATION:
        return "NSApplication"
    if isinstance(held, Name) and held.text == "super":
        return owner
    text = type_of(program, ref, expr)
    if isinstance(held, Name) and held.text.startswith("_") and owner and text in ("", f"{held.text}.Type"):
        text = property_type(program, owner, held.text[1:])
    if not text and isinstance(held, Member | Call) and held.name in _PARTS:
        base = held.base if isinstance(held, Member) else held.target
        return "NSResponder" if base is not None and is_interface(program, _type(program, ref, base)) else ""
    if not text and isinstance(held, Name) and held.text in _PARTS and held.text not in scope(program, ref):
        return "NSResponder" if is_interface(program, owner) else ""
    return "" if text.endswith(".Type") else base_type(text)


@query(bottom=False)
def is_interface(program: Program, name: str) -> bool:
    """Whether objects of a type belong to the main thread: views, windows, menus, and what inherits from them."""
    if not name:
        return False
    if is_outside(program, name):
        return name in CLASSES or _NAMED.fullmatch(name) is not None
    kinds = {unit.kind for _, unit in declarations(program, name)}
    return not kinds & {"struct", "enum", "protocol", "actor"} and any(
        is_outside(program, each) and is_interface(program, each) for each in ancestors(program, name)
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
