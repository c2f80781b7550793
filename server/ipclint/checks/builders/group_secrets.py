"""The fix for secrets in the defaults of an app group (GRP103): keep them in the keychain, where they are written, read
and removed, by one helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks import around, edits
from ipclint.checks.builders import shared_keychain
from ipclint.checks.detectors.shared_containers import group_of
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import Call, Evaluate, Expr, Guard, If, Let, Name, Node, walk
from ipclint.program.configuration import programs_of, targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import code_of
from ipclint.program.program import Program, UnitRef

TITLE = "Keep it in the keychain of the group"
READS = {"string": "string", "data": "data", "stringForKey:": "string", "dataForKey:": "data"}
ANY_READS = frozenset({"object", "value", "objectForKey:", "valueForKey:"})
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
    ref = UnitRef(statement.path, statement.unit)
    text = _key(program, ref, _node_at(program, ref, key))
    if text is None:
        return
    secret = Secret(group, text, "string" if shape == "text" else "data")
    others = _other_places(program, secret, sources)
    if others is None:
        return
    value = finding.holes[f"value-{shape}"]
    assert isinstance(value, Place)
    changes = [_write(program, ref, statement, sources.text(value), sources.text(key), secret, sources)]
    changes += [edit for _, _, edit in others]
    moved = [(each, call) for each, call, _ in others] + [(ref, call) for call in _calls_in(program, ref, statement)]
    changes += _unused_stores(program, moved, sources)
    paths = {edit.path for edit in changes}
    if any(_is_swift(path) != _is_swift(statement.path) for path in paths):
        return  # two helpers, in two languages, would have one name
    changes += [
        edit for path in sorted(paths) if not _is_swift(path) for edit in sources.imports(path, '"SharedKeychain.h"')
    ]
    creates = () if program.types_named(shared_keychain.NAME) else _helper(program, statement.path)
    yield Fix(TITLE, False, tuple(changes), creates, rule=rule.id)


def _is_swift(path: str) -> bool:
    return path.endswith(".swift")


def _node_at(program: Program, ref: UnitRef, place: Place) -> Expr | None:
    nodes = walk(code_of(program, ref))
    return next((n for n in nodes if (n.start, n.end) == (place.start, place.end) and isinstance(n, Expr)), None)


def _key(program: Program, ref: UnitRef, expr: Expr | None) -> str | None:
    """The text of a key, where there is one alone."""
    texts = fold(program, ref, expr) if expr is not None else ()
    return texts[0] if len(texts) == 1 and HOLE not in texts[0] else None


# ── the write ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(
    program: Program, ref: UnitRef, statement: Place, value: str, key: str, secret: Secret, sources: Sources
) -> Edit:
    if _is_swift(statement.path):
        call = f'try SharedKeychain(group: "{secret.group}").set({value}, forKey: {key})'
        return _replaced(statement, _handled(program, ref, statement, call, key, "kept"), sources)
    kind = "String" if secret.shape == "string" else "Data"
    text = f'if (!{_objc(secret)} set{kind}:{value} forKey:{key}]) {{\n    NSLog(@"%@ was not kept", {key});\n}}'
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


# ── reads and removals ───────────────────────────────────────────────────────────────────────────────────────────────


def _other_places(program: Program, secret: Secret, sources: Sources) -> list[tuple[UnitRef, Call, Edit]] | None:
    """The edits of everything else that uses this key of this group; None where something cannot be rewritten."""
    words = {name.partition(":")[0] for name in (*READS, *ANY_READS, *REMOVALS, *OTHER_READS)}
    found: list[tuple[UnitRef, Call, Edit]] = []
    for ref in sorted({each for word in words for each in program.mentioning(word)}):
        for call in walk(code_of(program, ref)):
            if not isinstance(call, Call) or len(call.args) != 1 or call.target is None:
                continue
            key = _key(program, ref, call.args[0])
            if call.name.partition(":")[0] not in words or key not in (secret.key, None):
                continue
            if key is None and secret.key.lower() not in around.spelled(call.args[0]).lower():
                continue
            if group_of(program, ref, call.target) != secret.group:
                continue
            edit = _moved(program, ref, call, secret, sources) if key is not None else None
            if edit is None:
                return None
            found.append((ref, call, edit))
    return found


def _moved(program: Program, ref: UnitRef, call: Call, secret: Secret, sources: Sources) -> Edit | None:
    path = around.path_to(program, ref, call)
    key = sources.text(_place(ref, call.args[0]))
    node: Node = call
    if call.name in REMOVALS:
        statement = around.statement_in(path)
        if not isinstance(statement, Evaluate):
            return None
        if _is_swift(ref.path):
            place = _place(ref, statement)
            text = f'try SharedKeychain(group: "{secret.group}").removeObject(forKey: {key})'
            return _replaced(place, _handled(program, ref, place, text, key, "removed"), sources)
        return sources.replace(_place(ref, call), f"{_objc(secret)} removeObjectForKey:{key}]")
    if READS.get(call.name, secret.shape) != secret.shape or call.name in OTHER_READS:
        return None
    if call.name in ANY_READS and _is_swift(ref.path):
        cast = around.cast_in(path)
        if cast is None or cast.op != "as?" or TYPES.get(cast.type.strip()) != secret.shape:
            return None
        node = cast
    if _is_swift(ref.path):
        return sources.replace(
            _place(ref, node), f'SharedKeychain(group: "{secret.group}").{secret.shape}(forKey: {key})'
        )
    return sources.replace(_place(ref, node), f"{_objc(secret)} {secret.shape}ForKey:{key}]")


def _calls_in(program: Program, ref: UnitRef, statement: Place) -> Iterator[Call]:
    """The call that a statement is."""
    for node in walk(program.body(ref)):
        if isinstance(node, Evaluate) and (node.start, node.end) == (statement.start, statement.end):
            if isinstance(node.value, Call):
                yield node.value


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


def _helper(program: Program, path: str) -> tuple[tuple[str, str], ...]:
    """The files of the helper, in one place for all findings of a target: beside its first file with such a store."""
    swift = _is_swift(path)
    targets = {target.name for target in targets_of(program, path)}
    words = ("suiteName", "UserDefaults") if swift else ("initWithSuiteName", "NSUserDefaults")
    beside = {
        ref.path
        for word in words
        for ref in program.mentioning(word)
        if _is_swift(ref.path) == swift and {target.name for target in targets_of(program, ref.path)} == targets
    }
    first = min({path, *beside}, key=lambda each: (each.count("/"), each))
    return shared_keychain.files(first.rpartition("/")[0], swift, _data_protection(program, path))


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
