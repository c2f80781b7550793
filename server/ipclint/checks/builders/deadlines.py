"""Fixes that put a time limit on waiting for another process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program

SECONDS = 5
_TARGET = re.compile(r"(.+?)\s*\.\s*wait\s*\(.*\)$", re.S)
_SUBJECT = re.compile(r"(dispatch_(?:semaphore|group)_wait)\s*\((.+),\s*DISPATCH_TIME_FOREVER\s*\)$", re.S)


@builder("wait-with-deadline")
def wait_with_deadline(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Wait five seconds and leave when no reply has come, where the function can leave without a value."""
    statement, returns = finding.holes.get("statement"), finding.holes.get("returns")
    if not isinstance(statement, Place) or not isinstance(returns, str):
        return
    swift = finding.place.path.endswith(".swift")
    leaving = _leaving(returns, swift)
    wait = sources.text(finding.place)
    new = _swift(wait, leaving) if swift else _objc(wait, leaving)
    if leaving is not None and new is not None:
        yield Fix(f"Give up after {SECONDS} seconds", False, (sources.replace(statement, new),), rule=rule.id)


def _leaving(returns: str, swift: bool) -> str | None:
    """The statement that leaves a function of this return type with nothing; None when it has to give something."""
    plain = returns.strip()
    if plain in ("", "void", "Void", "()"):
        return "return"
    if plain.endswith("?") if swift else plain.endswith("*") or plain in ("id", "instancetype"):
        return "return nil"
    if plain in ("Bool", "BOOL", "bool"):
        return "return false" if swift else "return NO"
    return None


def _swift(wait: str, leaving: str | None) -> str | None:
    shape = _TARGET.match(wait)
    return f"guard {shape[1]}.wait(timeout: .now() + {SECONDS}) == .success else {{ {leaving} }}" if shape else None


def _objc(wait: str, leaving: str | None) -> str | None:
    shape = _SUBJECT.match(wait)
    if shape is None:
        return None
    limit = f"dispatch_time(DISPATCH_TIME_NOW, {SECONDS} * NSEC_PER_SEC)"
    return f"if ({shape[1]}({shape[2]}, {limit}) != 0) {{ {leaving}; }}"
