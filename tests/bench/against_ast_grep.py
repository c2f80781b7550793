"""This tool and ast-grep over the same tree, in turns of one run: wall time, processor time and memory, and their ratios.

    python tests/bench/against_ast_grep.py [TREE] [--rounds 3] [--ast-grep ast-grep] [--rules sgconfig.yml]

Without TREE, the app of docs/tour/ a hundred times over. Trust the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Cost(NamedTuple):
    """Seconds of wall and of processor time, and MiB of the largest process, of one run."""

    wall: float
    cpu: float
    memory: float


def run(command: list[str], environment: dict[str, str]) -> Cost:
    """The cost of a command. Raises RuntimeError when it ends as no linter does."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise RuntimeError(f"{command[0]}: {errors.decode()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def middle(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


def sample(folder: Path) -> Path:
    """The tour, copied so often that starting up does not decide."""
    for number in range(100):
        shutil.copytree(ROOT / "docs" / "tour", folder / f"app{number}")
    return folder


def compare(tree: Path, ast_grep: str, rules: str, rounds: int) -> None:
    """Measure, a turn of each after the other, and print."""
    ours = [sys.executable, "-m", "ipclint", "check", str(tree), "--output", os.devnull]
    theirs = [ast_grep, "scan", "-c", rules, "--json=compact", "--no-ignore", "hidden", str(tree)]
    costs: dict[str, list[Cost]] = {"ast-grep": [], "ipclint, cold": [], "ipclint, warm": []}
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "server"), "IPCLINT_CACHE_DIR": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        run(ours, environment)  # compiles the rulebook, fills the cache, and brings the tree into memory
        for _ in range(rounds):
            costs["ast-grep"].append(run(theirs, environment))
            costs["ipclint, cold"].append(run([*ours, "--no-cache"], environment))
            costs["ipclint, warm"].append(run(ours, environment))
    base = middle(costs["ast-grep"])
    print(f"{'':16}{'wall s':>9}{'cpu s':>9}{'MiB':>7}     of ast-grep: wall, cpu, memory")
    for name, each in costs.items():
        cost = middle(each)
        ratios = "  ".join(f"{value / reference:6.2f}" for value, reference in zip(cost, base, strict=True))
        print(f"{name:16}{cost.wall:9.2f}{cost.cpu:9.2f}{cost.memory:7.0f}     {ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--ast-grep", default=shutil.which("ast-grep") or str(Path(sys.executable).with_name("ast-grep"))
    )
    parser.add_argument("--rules", default=str(HERE / "ast-grep" / "sgconfig.yml"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = options.tree or sample(Path(folder))
        compare(tree, options.ast_grep, options.rules, options.rounds)


if __name__ == "__main__":
    main()
