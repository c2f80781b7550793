"""How the session of a folder is made: its configuration, the rules, the cache."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.config import Config, ConfigError, find_config, load_config
from ipclint.engine.rules import rulebook, shipped_rules
from ipclint.engine.session import Session
from ipclint.engine.store import Store, cache_folder
from ipclint.lsp.settings import Settings

_POSITION = re.compile(r"(?P<file>.+?):(?P<line>\d+): (?P<text>.*)", re.DOTALL)


class Mistake(NamedTuple):
    """What is wrong with the configuration. `file` is "" and `line` 0 when it is not known where; lines are 0-based."""

    file: str
    line: int
    text: str


class Made(NamedTuple):
    session: Session
    mistake: Mistake | None
    own_rules: tuple[Path, ...]
    file: Path | None  # the configuration
    baseline: str = ""  # the file that it names, be it that it cannot be read


def make_session(root: Path, settings: Settings) -> Made:
    """The session of a folder. A mistake in its configuration is handed out, and the defaults are used in its place."""
    cache = cache_folder() if settings.cache else None
    file = find_config(root)
    mistake = None
    baseline = ""
    try:
        config = load_config(file) if file is not None else Config()
        baseline = config.baseline
        own = tuple(file.parent / folder for folder in config.rules) if file is not None else ()
        return Made(_session(root, config, settings, rulebook(own, Store(cache)), cache), None, own, file, baseline)
    except ConfigError as error:
        mistake = _mistake(str(error), file)
    return Made(_session(root, Config(), settings, rulebook((), Store(cache)), cache), mistake, (), file, baseline)


def page_of(rule: str, own_rules: tuple[Path, ...]) -> Path | None:
    """The Markdown file of a rule (a variant's letter left aside); None for the engine's own."""
    name = rule.partition(".")[0] + ".md"
    return next((folder / name for folder in (*own_rules, shipped_rules()) if (folder / name).is_file()), None)


def _session(root: Path, config: Config, settings: Settings, rules: Rulebook, cache: Path | None) -> Session:
    if settings.profile is not None:
        config = msgspec.structs.replace(config, profile=settings.profile)
    return Session(root, config, rules, store=cache)


def _mistake(text: str, file: Path | None) -> Mistake:
    if found := _POSITION.fullmatch(text):
        return Mistake(found["file"], int(found["line"]) - 1, found["text"])
    return Mistake("" if file is None else str(file), 0, text)
