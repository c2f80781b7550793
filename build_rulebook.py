"""Build hook of the wheel: puts the compiled rulebook beside the rules, so that no start has to parse Markdown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledRulebook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `ipclint/rules/rulebook.msgpack` to a wheel; an editable install reads the rules where they stand."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["force_include"].clear()
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "server"))
        from ipclint.checks.rulebook import compile_rulebook
        from ipclint.engine.rules import COMPILED, parse_folders

        out = root / "build" / COMPILED
        out.parent.mkdir(exist_ok=True)
        out.write_bytes(compile_rulebook(parse_folders((root / "rules",))))
        build_data["force_include"][str(out)] = f"ipclint/rules/{COMPILED}"
