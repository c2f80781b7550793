"""Invariant 5 over a day's work: a hundred and some steps here (IPCLINT_SOAK_STEPS), ten thousand with `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .soak import soak

STEPS = int(os.environ.get("IPCLINT_SOAK_STEPS", "150"))


@pytest.mark.parametrize("seed", [1])
def test_a_server_that_ran_for_long_shows_what_a_fresh_one_shows(
    tmp_path: Path, server_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, seed: int
):
    monkeypatch.setenv("IPCLINT_CACHE_DIR", server_environment["IPCLINT_CACHE_DIR"])
    checks = list(soak(tmp_path, server_environment, steps=STEPS, seed=seed, every=15))
    assert checks[-1][0] == STEPS
