"""Short words for what is checked of a peer."""

from __future__ import annotations

import pytest

from ipclint.checks.trust import Trust
from ipclint.lsp.wording import peer_of
from tests.engine.test_boundaries import listener

TEAM = 'anchor apple generic and certificate leaf[subject.OU] = \\"AB12CD34EF\\"'


@pytest.mark.parametrize(
    ("check", "more", "words"),
    [
        ("", "", "not checked"),
        (f'c.setCodeSigningRequirement("{TEAM}")', "", "code requirement (team)"),
        (f'c.setCodeSigningRequirement("{TEAM} and identifier com.example.app")', "",
         "code requirement (team, identifier)"),
        ("c.setCodeSigningRequirement(read())", "", "code requirement"),
        ("", f'listener.setConnectionCodeSigningRequirement("{TEAM}")', "code requirement (team)"),
        ("guard c.effectiveUserIdentifier == 501 else { return false }", "", "user id"),
        ("guard isWelcome(c) else { return false }", "", "check unknown"),
    ],
)  # fmt: skip
def test_what_is_checked_of_a_peer(check: str, more: str, words: str) -> None:
    assert peer_of(listener(check, more).trust) == words


def test_a_requirement_that_others_can_meet_is_called_weak() -> None:
    check = 'c.setCodeSigningRequirement("identifier com.example.app")'
    assert peer_of(listener(check).trust) == "code requirement (weak, identifier)"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Trust("not-applicable", ""), ""),
        (
            Trust("open", "nothing on one path; another asks for its code signature", ("code",)),
            "not checked on one path",
        ),
        (Trust("verified", "the system: only root can register the name"), "the system"),
        (Trust("weak", "the process id, which …", ("pid", "certificates")), "process id, certificates alone"),
    ],
)
def test_what_else_the_surface_map_says(found: Trust, words: str) -> None:
    assert peer_of(found) == words
