"""Work on one rule: `python -m tests.rules <id>…` runs its cases, `… --new <family>/<name>` begins one.

Run from the root of the source tree with `server` on PYTHONPATH. An id may be an alias or a pattern (`xpc/*`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase

from .bends import BENDS, check_bend, check_suppressed
from .harness import RULES, check_case, check_complete, rule_ids, rulebook, sound_rule

SKELETON = """\
# What is wrong, in a few words

```toml rule
aliases  = []
message  = "{api} does what it should not"
severity = "medium"
profile  = "recommended"
cwe      = []
masvs    = []

[match]
call = "family.api-of-the-models"
```

What can happen, how an attacker gets there, what to do. Two or three short paragraphs.

## It fires

```swift
dangerous() // error: certain
```

## Near miss: the safe way

```swift
careful()
```
"""


def run(id: str) -> int:
    """Runs everything that holds for a rule and prints what does not; the number of failures."""
    try:
        rule = sound_rule(id)
        failures = [*check_complete(rule), *check_suppressed(rule)]
        failures += [failure for case in rule.cases for failure in check_case(rule, case)]
        failures += [failure for bend in BENDS for failure in check_bend(rule, bend)]
    except ValueError as error:
        print(error)
        return 1
    for failure in failures:
        print(failure.show(id))
    print(f"{id}: {len(rule.cases)} cases, {len(failures)} failures")
    return len(failures)


def begin(id: str) -> int:
    """Writes the skeleton of a new rule; 1 when there is one already."""
    path = RULES / f"{id}.md"
    if path.exists() or id.count("/") != 1:
        print(f"{id}: there is such a rule" if path.exists() else f"{id}: an id is <family>/<rule>")
        return 1
    path.parent.mkdir(exist_ok=True)
    path.write_text(SKELETON, encoding="utf-8")
    print(f"wrote rules/{id}.md")
    return 0


def meant(pattern: str) -> Iterator[str]:
    """The ids that an id, alias or pattern stands for."""
    known = rulebook().get(pattern)
    if known is not None:
        yield known.id
    else:
        yield from (id for id in rule_ids() if fnmatchcase(id, pattern))


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--new"] and len(arguments) == 2:
        return begin(arguments[1])
    ids = [id for pattern in arguments for id in meant(pattern)]
    if not ids:
        print("usage: python -m tests.rules <id, alias or pattern>… | --new <family>/<name>")
        return 2
    return min(sum([run(id) for id in ids]), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
