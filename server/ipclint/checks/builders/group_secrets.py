"""The fix for secrets in the defaults of an app group (GRP103): keep them in the keychain, where they are written, read
and removed, by one helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks import around, edits
from ipclint.checks.builders import shared_keychain
from ipclint.checks.builders.project_members import TO_ADD, NewFile, joined
from ipclint.checks.detectors.shared_containers import group_of
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import Call, Evaluate, Expr, Guard, If, Let, Literal, Name, Node, walk
from ipclint.program.configuration import programs_of, targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import code_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

TITLE = "Keep it in the keychain of the group"
READS = {"string": "string", "data": "data", "stringForKey:": "string", "dataForKey:": "data"}
ANY_READS = frozenset({"object", "value", "objectForKey:", "valueForKey:"})
WRITES = frozenset({"set", "setValue", "setObject:forKey:", "setValue:forKey:"})
REMOVALS = frozenset({"removeObject", "removeObjectForKey:"})
OTHER_READS = frozenset(
    {
        "array",
        "dictionary",
        "stringArray",
        "url",
        "arrayForKey:",
        "dictionaryForKey:",
        "stringArrayForKey:",
        "URLForKey:",
    }
)
TYPES = {"String": "string", "NSString": "string", "Data": "data", "NSData": "data"}


class Secret(NamedTuple):
    """What is moved: its group and key, and whether it is kept as "string" or "data"."""

    group: str
    key: str
    shape: str


@builder("keep-group-secret")
def keep_group_secret(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Unsafe: programs that do not have the change look for the secret where it is no more."""
    statement, key, group = (finding.holes.get(name) for name in ("statement", "key-source", "group"))
    shape = next((kind for kind in ("text", "data") if f"value-{kind}" in finding.holes), "")
    if not isinstance(statement, Place) or not isinstance(key, Place) or not isinstance(group, str) or not shape:
        return
    text = _key(program, UnitRef(key.path, key.unit), _node_at(program, key))
    if text is None:
        return
    secret = Secret(group, text, "string" if shape == "text" else "data")
    uses = [use for use in _uses(program, secret) if _is_near(program, statement.path, use[0].path)]
    if any(_is_swift(ref.path) != _is_swift(statement.path) for ref, _ in uses):
        return  # two helpers, in two languages, would have one name
    changes: list[Edit] = []
    for at, call in uses:
        change = _moved(program, at, call, secret, sources)
        if change is None:
            return
        changes.append(change)
    changes += _unused_stores(program, uses, sources)
    for path in sorted({ref.path for ref, _ in uses if not _is_swift(ref.path)}):
        changes += sources.imports(path, '"SharedKeychain.h"')
    if program.types_named(shared_keychain.NAME):
        yield Fix(TITLE, False, tuple(changes), rule=rule.id)
        return
    beside = _home(program, statement.path)
    creates = _helper(program, beside)
    files = [NewFile(path.rpartition("/")[2], not path.endswith(".h")) for path, _ in creates]
    members = joined(program, sources, beside, files)
    title = TITLE if members is not None else TITLE + TO_ADD
    yield Fix(title, False, (*changes, *(members or ())), creates, rule=rule.id)


def _is_swift(path: str) -> bool:
    return path.endswith(".swift")


def _node_at(program: Program, place: Place) -> Expr | None:
    nodes = walk(code_of(program, UnitRef(place.path, place.unit)))
    return next((n for n in nodes if (n.start, n.end) == (place.start, place.end) and isinstance(n, Expr)), None)


def _key(program: Program, ref: UnitRef, expr: Expr | None) -> str | None:
    """The text of a key, where there is one alone."""
    texts = fold(program, ref, expr) if expr is not None else ()
    return texts[0] if len(texts) == 1 and HOLE not in texts[0] else None


# ── what uses the secret ─────────────────────────────────────────────────────────────────────────────────────────────


def _uses(program: Program, secret: Secret) -> Iterator[tuple[UnitRef, Call]]:
    """Every write, read and removal of the key in the defaults of the group; also those that may be of this key."""
    words = {name.partition(":")[0] for name in (*WRITES, *READS, *ANY_READS, *REMOVALS, *OTHER_READS)}
    for ref in sorted({each for word in words for each in program.mentioning(word)}):
        for call in walk(code_of(program, ref)):
            if not isinstance(call, Call) or call.target is None or call.name.partition(":")[0] not in words:
                continue
            if len(call.args) != (2 if call.name in WRITES else 1):
                continue
            key = _key(program, ref, call.args[-1])
            if key == secret.key or (key is None and secret.key.lower() in around.spelled(call.args[-1]).lower()):
                if group_of(program, ref, call.target) == secret.group:
                    yield ref, call


def _is_near(program: Program, path: str, other: str) -> bool:
    """Whether two files are of one project: another app of the workspace may use the same names."""
    projects, others = ({each.project for each in programs_of(program, file)} for file in (path, other))
    return not projects or not others or bool(projects & others)


def _moved(program: Program, ref: UnitRef, call: Call, secret: Secret, sources: Sources) -> Edit | None:
    """The edit of one use; None where it cannot be written."""
    if _key(program, ref, call.args[-1]) is None:
        return None
    if call.name in WRITES and not (isinstance(call.args[0], Literal) and call.args[0].kind == "nil"):
        return _write(program, ref, call, secret, sources)
    if call.name in WRITES or call.name in REMOVALS:
        return _removal(program, ref, call, secret, sources)
    return _read(program, ref, call, secret, sources)


def _statement(program: Program, ref: UnitRef, call: Call) -> Place | None:
    """The statement that a call is, whole; None where somebody looks at what it gives."""
    statement = around.statement_in(around.path_to(program, ref, call))
    return _place(ref, statement) if isinstance(statement, Evaluate) and statement.value == call else None


def _write(program: Program, ref: UnitRef, call: Call, secret: Secret, sources: Sources) -> Edit | None:
    statement, (value, key) = _statement(program, ref, call), (sources.text(_place(ref, arg)) for arg in call.args)
    if statement is None or TYPES.get(base_type(type_of(program, ref, call.args[0]))) != secret.shape:
        return None
    if _is_swift(ref.path):
        text = f'try SharedKeychain(group: "{secret.group}").set({value}, forKey: {key})'
        return _replaced(statement, _handled(program, ref, statement, text, key, "kept"), sources)
    kind = "String" if secret.shape == "string" else "Data"
    return _checked(statement, f"{_objc(secret)} set{kind}:{value} forKey:{key}]", key, "kept", sources)


def _removal(program: Program, ref: UnitRef, call: Call, secret: Secret, sources: Sources) -> Edit | None:
    statement, key = _statement(program, ref, call), sources.text(_place(ref, call.args[-1]))
    if statement is None:
        return None
    if _is_swift(ref.path):
        text = f'try SharedKeychain(group: "{secret.group}").removeObject(forKey: {key})'
        return _replaced(statement, _handled(program, ref, statement, text, key, "removed"), sources)
    return sources.replace(_place(ref, call), f"{_objc(secret)} removeObjectForKey:{key}]")


def _read(program: Program, ref: UnitRef, call: Call, secret: Secret, sources: Sources) -> Edit | None:
    if READS.get(call.name, secret.shape) != secret.shape or call.name in OTHER_READS:
        return None
    node: Node = call
    key = sources.text(_place(ref, call.args[0]))
    if not _is_swift(ref.path):
        return sources.replace(_place(ref, node), f"{_objc(secret)} {secret.shape}ForKey:{key}]")
    if call.name in ANY_READS:
        cast = around.cast_in(around.path_to(program, ref, call))
        if cast is None or cast.op != "as?" or TYPES.get(cast.type.strip()) != secret.shape:
            return None
        node = cast
    text = f'SharedKeychain(group: "{secret.group}").{secret.shape}(forKey: {key})'
    return sources.replace(_place(ref, node), text)


# ── how it is written ────────────────────────────────────────────────────────────────────────────────────────────────


def _checked(statement: Place, call: str, key: str, done: str, sources: Sources) -> Edit:
    """An Objective-C message that says whether it was done, with a line in the log where it was not."""
    text = f'if (!{call}) {{\n    NSLog(@"%@ was not {done}", {key});\n}}'
    if not _follows_statement(statement, sources):
        text = "{\n" + "\n".join(f"    {line}" for line in text.split("\n")) + "\n}"
    return sources.replace(statement, text)


def _follows_statement(statement: Place, sources: Sources) -> bool:
    """Whether a statement stands among others: not as the branch of an `if` without braces, before an `else`."""
    before = sources.data(statement.path)[: sources.span(statement).start].rstrip()
    return before.endswith((b"{", b"}", b";", b":", b"*/")) or b"//" in before[before.rfind(b"\n") + 1 :]


def _replaced(statement: Place, text: str, sources: Sources) -> Edit:
    """Several lines in the place of a statement, as a block where it is alone between the braces of its line."""
    span, data = sources.span(statement), sources.data(statement.path)
    before = data[edits.line_start(data, span.start) : span.start].rstrip()
    after = data[span.end : edits.line_end(data, span.end)]
    if "\n" not in text or not before.endswith(b"{") or after.strip() != b"}":
        return sources.replace(statement, text)
    outer, newline = edits.indent_of(data, span.start), edits.newline_of(data)
    inner = outer + edits.level_of(data)
    block = f"{newline}{inner}{edits.laid_out(text, data, inner)}{newline}{outer}"
    opened = edits.line_start(data, span.start) + len(before)
    return Edit(statement.path, opened, span.end + len(after) - len(after.lstrip()), block)


def _handled(program: Program, ref: UnitRef, statement: Place, call: str, key: str, done: str) -> str:
    """A call that throws: as it is in a function that throws, else with a line in the log."""
    if _may_throw(program, ref, statement):
        return call
    return f'do {{\n    {call}\n}} catch {{\n    NSLog("%@ was not {done}: %@", {key}, String(describing: error))\n}}'


def _may_throw(program: Program, ref: UnitRef, statement: Place) -> bool:
    """Whether the statement stands in the body of a function that throws, in no closure."""
    function = program.function(ref)
    if function is None or "throws" not in function.modifiers:
        return False
    node = next(
        (
            n
            for n in walk(program.body(ref))
            if isinstance(n, Evaluate) and (n.start, n.end) == (statement.start, statement.end)
        ),
        None,
    )
    return node is not None and around.closure_taker(around.path_to(program, ref, node)) is None


def _unused_stores(program: Program, moved: list[tuple[UnitRef, Call]], sources: Sources) -> Iterator[Edit]:
    """Take out the locals that held the defaults where nothing else uses them."""
    for ref in sorted({ref for ref, _ in moved}):
        nodes = tuple(walk(program.body(ref)))
        targets = [call.target.text for each, call in moved if each == ref and isinstance(call.target, Name)]
        for node in nodes:
            if not isinstance(node, Let) or len(node.names) != 1 or node.names[0] not in targets:
                continue
            name = node.names[0]
            path = around.path_to(program, ref, node)
            if len(path) > 1 and isinstance(path[-2], If | Guard):
                continue  # a condition
            if sum(isinstance(each, Name) and each.text == name for each in nodes) == targets.count(name):
                yield sources.remove(_place(ref, node))


def _objc(secret: Secret) -> str:
    return f'[[SharedKeychain keychainForGroup:@"{secret.group}"]'


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)


# ── the helper ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _home(program: Program, path: str) -> str:
    """The file beside which the helper goes, one for all findings of a target: its first file with such a store."""
    swift = _is_swift(path)
    targets = {target.name for target in targets_of(program, path)}
    words = ("suiteName", "UserDefaults") if swift else ("initWithSuiteName", "NSUserDefaults")
    beside = {
        ref.path
        for word in words
        for ref in program.mentioning(word)
        if _is_swift(ref.path) == swift and {target.name for target in targets_of(program, ref.path)} == targets
    }
    return min({path, *beside}, key=lambda each: (each.count("/"), each))


def _helper(program: Program, beside: str) -> tuple[tuple[str, str], ...]:
    """The files of the helper."""
    return shared_keychain.files(beside.rpartition("/")[0], _is_swift(beside), _data_protection(program, beside))


def _data_protection(program: Program, path: str) -> str:
    """How the Mac is told to use the keychain that knows access groups; see `shared_keychain.files`."""
    programs = [target for target in programs_of(program, path) if target.platforms]
    on_mac = [target for target in programs if "macos" in target.platforms]
    if programs and not on_mac:
        return ""
    versions = [target.deployment.get("macos", "") for target in on_mac]
    return "always" if versions and all(map(_from_catalina, versions)) else "checked"


def _from_catalina(version: str) -> bool:
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    return numbers >= [10, 15]
