"""Fixes for code requirements that others can satisfy: bind the signer (XPC106, PLIST105)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.configuration import targets, targets_of
from ipclint.program.program import Program

BOUND = "anchor apple generic and certificate leaf[subject.OU] = {team} and ({old})"
_LITERAL = re.compile(r'(@?")((?:[^"\\]|\\.)*)(")', re.S)  # one literal in Swift, Objective-C or C; no raw strings
_ELEMENT = re.compile(r"(<string>)(.*)(</string>)", re.S)
_TRUSTED = re.compile(r"\banchor\s+trusted\b")


@builder("bind-requirement")
def bind_requirement(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Put the old text in parentheses behind Apple's anchor and the team. Unsafe: the team has to be confirmed."""
    place = finding.place
    if finding.variant:
        return  # who signs is settled, something else is wrong
    text = sources.text(place)
    literal = _LITERAL.fullmatch(text)
    element = _ELEMENT.fullmatch(text)
    found = literal or element
    if found is None:
        return  # put together from pieces: no one place holds the text
    team = _team(program, place)
    quoted = f'\\"{team}\\"' if literal else f'"{team}"'
    old = _TRUSTED.sub("anchor apple generic", found[2])
    new = old if old != found[2] and "subject.OU" in old else BOUND.format(team=quoted, old=old)
    edit = sources.replace(place, f"{found[1]}{new}{found[3]}")
    yield Fix("Require a signature of your team", False, (edit,), rule=rule.id)


def _team(program: Program, place: Place) -> str:
    known = targets(program)
    informed = known.informed_by(place.path) if known is not None else ()
    teams = {target.team for target in (*targets_of(program, place.path), *informed) if target.team}
    return teams.pop() if len(teams) == 1 else "TEAMID"


@builder("name-program")
def name_program(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Ask for the identifier of the one program that is meant. Unsafe: others of the team may have been meant too."""
    identifier = finding.holes.get("identifier")
    element = _ELEMENT.fullmatch(sources.text(finding.place))
    if finding.variant == "b" and isinstance(identifier, str) and element is not None:
        text = f'{element[1]}({element[2]}) and identifier "{identifier}"{element[3]}'
        yield Fix("Name the program", False, (sources.replace(finding.place, text),), rule=rule.id)
