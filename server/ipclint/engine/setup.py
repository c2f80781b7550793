"""From a folder to a session on it: configuration found, rules loaded, mistakes in either told with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.config import Config, ConfigError, find_config, load_config
from ipclint.engine.rules import rulebook
from ipclint.engine.selection import Selection, SelectorError
from ipclint.engine.session import Session
from ipclint.engine.store import Store, cache_folder


class Setup(NamedTuple):
    """What a run is made of. `config_file` is None when there is no ipclint.toml."""

    root: Path
    config: Config
    config_file: Path | None
    rulebook: Rulebook
    store: Store

    @property
    def own_rules(self) -> tuple[Path, ...]:
        """The user's folders of rules."""
        return _own_rules(self.config_file, self.config)

    def session(self, *, checks: bool = True) -> Session:
        return Session(self.root, self.config, self.rulebook, self.store.folder, checks=checks)


def prepare(
    root: Path, *, config_file: Path | None = None, overrides: dict[str, Any] | None = None, cache: bool = True
) -> Setup:
    """What checking `root` needs: its ipclint.toml (or the one given) with `overrides` (by attribute name) over it.

    Raises ConfigError: no such file, a mistake in it, a rule that it names and that is not there, a broken rule.
    """
    file = config_file or find_config(root)
    config = load_config(file) if file is not None else Config()
    store = Store(cache_folder() if cache else None)
    own = _own_rules(file, config)
    for folder in own:
        _stay_inside(folder, file)
    book = rulebook(own, store)
    if file is not None:
        _check_names(file, config, book)
    config = msgspec.structs.replace(config, **(overrides or {}))
    Selection(config, book)  # a mistake of the overrides is told without a file
    return Setup(root, config, file, book, store)


def open_session(root: Path, *, cache: bool = True) -> Session:
    """A session on a folder, as its ipclint.toml says. Raises ConfigError."""
    return prepare(root, cache=cache).session()


def _own_rules(file: Path | None, config: Config) -> tuple[Path, ...]:
    return tuple(file.parent / folder for folder in config.rules) if file is not None else ()


def _stay_inside(folder: Path, file: Path | None) -> None:
    assert file is not None
    if not folder.resolve().is_relative_to(file.parent.resolve()):
        raise ConfigError(f"{file}: rules: {folder} is a link that leads out of the folder of this file")


def _check_names(file: Path, config: Config, book: Rulebook) -> None:
    try:
        Selection(config, book)
    except SelectorError as error:
        lines = file.read_text("utf-8", "replace").splitlines()
        named = (number for number, line in enumerate(lines, 1) if error.pattern in line)
        raise ConfigError(f"{file}:{next(named, 1)}: {error}") from None
