"""Writes schemas/ipclint.schema.json from what the engine knows of ipclint.toml: `make schema`."""

from __future__ import annotations

import json
from pathlib import Path

from ipclint.engine.config import schema

FILE = Path(__file__).parent.parent / "schemas" / "ipclint.schema.json"

if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
