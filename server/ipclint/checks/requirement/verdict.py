"""Who can satisfy a code-signing requirement: an abstract evaluation, by the weakest of its alternatives.

Only an anchor makes the rest of a signature mean something: without one, identifier, names and team are text that
anyone may sign. Under Apple's root the certificate's team and common name are issued by Apple, but identifiers,
Info.plist entries and most entitlements are still the signer's choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ipclint.checks.requirement.alternatives import Literals, TooMany, alternatives, contradictory
from ipclint.checks.requirement.clauses import Anchor, Findings, Grade, anchor_of, grade_of, is_bare, plain, take
from ipclint.checks.requirement.tree import (
    LEAF,
    ROOT,
    And,
    AppleAnchor,
    Atom,
    CertificateHash,
    NamedAnchor,
    NamedCode,
    Node,
    Not,
    Trusted,
    Unknown,
    show,
)


@dataclass(frozen=True)
class Branch:
    """One alternative: all its clauses hold together. In `team` and `identifier` U+FFFC stands for unknown text."""

    grade: Grade
    answer: str
    anchor: Anchor = "none"
    team: str | None = None
    identifier: str | None = None
    wildcard: bool = False  # the identifier holds a star, or is only the beginning, middle or end of one
    min_version: str | None = None
    entitlements: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()  # why not narrower: sentences without full stop
    text: str = ""  # its clauses
    certain: bool = True


@dataclass(frozen=True)
class Verdict:
    """What `judge` finds. The weakest branch decides; `branches` has the others too.

    `answer` completes "… can satisfy it": "any program with a self-made certificate". `certain` is False where negated
    anchors or too many alternatives blur the view. For grade UNKNOWN, `supposed` is the grade if every unknown text
    outside quotes were one plain value, None if that says nothing."""

    grade: Grade
    answer: str
    branches: tuple[Branch, ...]
    weakest: Branch | None
    certain: bool = True
    supposed: Grade | None = None

    @property
    def binds_signer(self) -> bool:
        """Whether every alternative names who signs: a team, a certificate, or Apple itself."""
        return Grade.APPLE <= self.grade <= Grade.NOBODY

    @property
    def anchor(self) -> Anchor:
        return self.weakest.anchor if self.weakest is not None else "none"

    @property
    def team(self) -> str | None:
        return self.weakest.team if self.weakest is not None else None

    @property
    def identifier(self) -> str | None:
        return self.weakest.identifier if self.weakest is not None else None

    @property
    def min_version(self) -> str | None:
        return self.weakest.min_version if self.weakest is not None else None

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.weakest.reasons if self.weakest is not None else ()

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams of all branches."""
        return tuple(dict.fromkeys(branch.team for branch in self.branches if branch.team))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers of all branches."""
        return tuple(dict.fromkeys(branch.identifier for branch in self.branches if branch.identifier))


def judge(node: Node) -> Verdict:
    """Who can satisfy the requirement."""
    try:
        choices = alternatives(node, True)
    except TooMany:
        return Verdict(Grade.UNKNOWN, "this cannot be told: the requirement has too many alternatives", (), None, False)
    branches = tuple(_branch(literals) for literals in choices if not contradictory(literals))
    known = [branch for branch in branches if branch.grade is not Grade.UNKNOWN]
    weakest = min(known, key=lambda branch: (branch.grade, branch.team is None), default=None)
    if len(known) < len(branches) and (weakest is None or weakest.grade >= Grade.APPLE):
        return _unknown(branches, choices)
    if weakest is None:
        return Verdict(Grade.NOBODY, "no program at all", (), None)
    return Verdict(weakest.grade, weakest.answer, branches, weakest, weakest.certain)


def _unknown(branches: tuple[Branch, ...], choices: Sequence[Literals]) -> Verdict:
    """The verdict where an alternative is not known and no other one is weak by itself."""
    atoms = [atom for literals in choices for atom, _ in literals]
    supposed = None
    if all(is_bare(atom) or not _is_opaque(atom) for atom in atoms):
        supposed = min(_branch(literals, suppose=True).grade for literals in choices)
    answer = "this cannot be told: a part of the requirement is not known"
    return Verdict(Grade.UNKNOWN, answer, branches, None, supposed=supposed)


def _is_opaque(atom: Atom) -> bool:
    """Whether the meaning of a clause lies outside the text."""
    inner_hash = isinstance(atom, CertificateHash) and atom.slot not in (LEAF, ROOT)
    return inner_hash or isinstance(atom, (Unknown, NamedAnchor, NamedCode))


def _branch(literals: Literals, suppose: bool = False) -> Branch:
    """The judgement of one alternative. `suppose`: take unknown text outside quotes for one plain value."""
    found = Findings()
    for atom, positive in literals:
        if positive:
            take(found, atom)
        elif _is_opaque(atom) or is_bare(atom):
            found.unknown = True
    grade = Grade.UNKNOWN if found.unknown and not suppose else grade_of(found)
    anchor = anchor_of(found)
    denied = any(
        not positive and isinstance(atom, (AppleAnchor, Trusted, CertificateHash)) for atom, positive in literals
    )
    return Branch(
        grade=grade,
        answer=_answer(grade, found),
        anchor=anchor,
        team=found.team,
        identifier=found.identifier,
        wildcard=found.wildcard,
        min_version=found.min_version,
        entitlements=tuple(found.entitlements),
        reasons=tuple(_reasons(grade, found)),
        text=show(And(tuple(atom if positive else Not(atom) for atom, positive in literals))) if literals else "always",
        certain=not (denied and anchor == "none"),
    )


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(grade: Grade, found: Findings) -> str:
    """Completes "… can satisfy it"."""
    match grade:
        case Grade.ANYONE:
            called = f" that calls itself “{plain(found.identifier)}”" if found.identifier else ""
            return f"any program with a self-made certificate{called}"
        case Grade.TRUSTED:
            return "any program under a root certificate that the administrator or device management of the Mac trusts"
        case Grade.ACCOUNT:
            return "anyone with a free Apple developer account"
        case Grade.PAID:
            return "anyone with a paid Apple developer account"
        case Grade.STORE:
            return "any app of the App Store"
        case Grade.APPLE:
            return "any program that Apple ships, command-line tools and script interpreters included"
        case Grade.BUILD:
            return "only the one build with that code hash"
        case Grade.UNKNOWN:
            return "this cannot be told: a part of the requirement is not known"
        case _:
            return _answer_signer(grade, found)


def _answer_signer(grade: Grade, found: Findings) -> str:
    if found.team is not None:
        signer = f"team {plain(found.team)}"
    else:
        signer = found.signer or ("Apple" if found.apple else "the App Store")
    what = f"only {plain(found.identifier or '')}" if grade >= Grade.PROGRAM else "any program"
    if found.min_version:
        age = f", from version {found.min_version} on"
    else:
        age = f", with the entitlement {found.entitlements[0]}" if found.entitlements else ", old versions included"
    return f"{what} of {signer}{age}"


def _reasons(grade: Grade, found: Findings) -> Iterator[str]:
    """Why an alternative is not narrower."""
    match grade:
        case Grade.ANYONE:
            yield "it names no anchor, so that any certificate will do, a self-made one too"
            if found.team is not None or found.signer is not None:
                yield "without an anchor the names in a certificate are whatever its maker wrote"
            if found.identifier is not None:
                yield "everyone may sign with any identifier"
        case Grade.TRUSTED:
            yield "`anchor trusted` accepts roots that were added to the Mac, `anchor apple generic` only Apple's"
        case Grade.ACCOUNT | Grade.PAID:
            yield "`anchor apple generic` holds for every developer; say which by the team id, subject.OU"
            if found.identifier is not None:
                yield "everyone may sign with any identifier"
        case Grade.STORE:
            yield "every app of the App Store is signed so; name the program by its identifier"
        case Grade.APPLE:
            yield "the interpreters of the system run what an attacker hands them; name the program by its identifier"
        case Grade.SIGNER:
            yield "no identifier says which program of the signer is meant"
        case Grade.PROGRAM:
            yield "old versions with known holes are admitted as well"
        case _:
            pass
    yield from found.reasons
