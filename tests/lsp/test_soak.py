"""Invariant 5 over a day's work: a few hundred steps here, ten thousand with `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .soak import soak


@pytest.mark.parametrize("seed", [1, 2])
def test_a_server_that_ran_for_long_shows_what_a_fresh_one_shows(
    tmp_path: Path, server_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, seed: int
):
    monkeypatch.setenv("IPCLINT_CACHE_DIR", server_environment["IPCLINT_CACHE_DIR"])
    checks = list(soak(tmp_path, server_environment, steps=200, seed=seed, every=10))
    assert checks[-1][0] == 200
