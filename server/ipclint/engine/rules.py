"""The rulebook from disk: the rules that ship with this program, compiled once by content, and the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook, compile_rulebook, load_rulebook, parse_rulebook
from ipclint.engine.builtin import with_builtin
from ipclint.engine.config import ConfigError
from ipclint.engine.disk import MAX_BYTES
from ipclint.engine.store import Store, digest

COMPILED = "rulebook.msgpack"
"""The compiled rulebook beside the rules of an installed wheel; a source tree has none and compiles into the cache."""

MAX_RULES = 2_000
"""How many files a folder of rules may hold."""


def shipped_rules() -> Path:
    """The folder of the rules that ship: inside the package in a wheel, beside `server/` in a source tree."""
    package = Path(__file__).resolve().parent.parent
    return package / "rules" if (package / "rules").is_dir() else package.parent.parent / "rules"


def rulebook(own: tuple[Path, ...], store: Store) -> Rulebook:
    """The shipped rules, those in the folders `own` and the engine's. Raises ConfigError for a mistake in one."""
    shipped = shipped_rules()
    compiled = _bytes(shipped / COMPILED)
    if compiled is not None and not own:
        loaded = load_rulebook(compiled)
        if loaded is not None:
            return with_builtin(loaded)
    texts = _texts((shipped, *own))
    key = digest(b"rulebook", *(text.encode() for table in texts for pair in table.items() for text in pair))
    blob = store.get(key)
    loaded = load_rulebook(blob) if blob is not None else None
    if loaded is None:
        loaded = _parse(texts)
        store.put(key, compile_rulebook(loaded))
    return with_builtin(loaded)


def parse_folders(folders: tuple[Path, ...]) -> Rulebook:
    """The rulebook of folders of rules, with the cases in them. Raises ConfigError for a mistake in one."""
    return _parse(_texts(folders))


def as_written(rule: Rule, own: tuple[Path, ...]) -> Rule:
    """The rule with the cases of its file, which a compiled rulebook leaves out; one of the engine's own as it is."""
    from ipclint.checks.document import parse_rule  # a compiled rulebook needs no parser

    for folder in (*own, shipped_rules()):
        data = _bytes(folder / f"{rule.id}.md")
        if data is not None:
            return parse_rule(rule.id, data.decode("utf-8", "replace"))
    return rule


def _parse(texts: tuple[dict[str, str], dict[str, str]]) -> Rulebook:
    try:
        parsed = parse_rulebook(*texts)
        _ = parsed.looks  # what a rule names and is not there shows now
    except ValueError as error:  # RuleError, VocabularyError, UnknownDetector, UnknownApi, MatchError
        raise ConfigError(str(error)) from None
    return parsed


def _texts(folders: tuple[Path, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Rules by id, and models by name; a later folder's file takes the place of an earlier one's of the same name."""
    sources: dict[str, str] = {}
    models: dict[str, str] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: there is no such folder of rules")
        sources |= dict(_files(folder, ".md"))
        models |= dict(_files(folder, ".toml"))
    return sources, models


def _files(folder: Path, suffix: str) -> Iterator[tuple[str, str]]:
    """(name without suffix, relative to the folder; text) of every rule or model, sorted. READMEs are none."""
    paths = sorted(path for path in folder.glob(f"*/*{suffix}") if path.is_file() and not path.is_symlink())
    for path in (path for path in paths[:MAX_RULES] if path.stem != "README"):
        data = _bytes(path)
        if data is not None:
            yield path.relative_to(folder).with_suffix("").as_posix(), data.decode("utf-8", "replace")


def _bytes(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None
