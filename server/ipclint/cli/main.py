"""The command line: which command, with which options. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ipclint import __version__

CLEAN, FINDINGS, TROUBLE = 0, 1, 2
"""The exit codes: nothing to report, something to report, wrong usage or a system error."""


class UsageError(Exception):
    """What the user asked for cannot be done; the text says what and what to do instead."""


class Parser(argparse.ArgumentParser):
    """Names the nearest option or command when there is none of the given name."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}{self._suggestion(message)}\ntry `{self.prog} --help`")

    def _suggestion(self, message: str) -> str:
        import difflib  # only a mistake needs it

        known = [option for action in self._actions for option in action.option_strings]
        for action in self._actions:
            known += [str(choice) for choice in action.choices or ()]
        words = [word.strip("'\",:()").partition("=")[0] for word in message.split()]
        for word in words:
            near = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
            if near and word not in known:
                return f"; did you mean {near[0]}?"
        return ""


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code. Writes errors to stderr, never a traceback for what the user did."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode is no reason to fail
    try:
        options, unknown = parser().parse_known_args(arguments)
        if unknown:
            options.parser.error(f"there is no option {unknown[0]}")
        return options.command(options)
    except UsageError as error:
        print(f"ipclint: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader of the output went away; so nothing more is to be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    except KeyboardInterrupt:
        print("ipclint: interrupted", file=sys.stderr)
    return TROUBLE


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = Parser(prog="ipclint", description="Finds insecure inter-process communication in apps for Apple platforms.")
    top.add_argument("--version", action="version", version=f"ipclint {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    _add_check(commands.add_parser("check", help="check files and folders", description=_CHECK))
    rules = commands.add_parser("rules", help="list the rules")
    rules.add_argument(
        "selectors", nargs="*", metavar="SELECTOR", help="only these: id, alias, family, glob, profile:NAME"
    )
    rules.add_argument("--format", choices=("text", "json"), default="text")
    rules.add_argument("--config", metavar="FILE", help="the ipclint.toml whose own rules to list too")
    rules.set_defaults(command=_rules, parser=rules)
    explain = commands.add_parser("explain", help="say what a rule finds, why it matters and what to do")
    explain.add_argument("rule", metavar="ID", help="an id or an alias: xpc/listener-accepts-unverified-peer, XPC101")
    explain.add_argument("--format", choices=("text", "markdown"), default="text", help="how to write it (text)")
    explain.add_argument("--config", metavar="FILE", help="the ipclint.toml whose own rules to look in too")
    explain.set_defaults(command=_explain, parser=explain)
    _add_surface(commands.add_parser("surface", help="map where the programs of a folder meet other processes"))
    _add_baseline(commands.add_parser("baseline", help="write down what is found now", description=_BASELINE))
    commands.add_parser("server", help="speak the Language Server Protocol")
    return top


_CHECK = """Checks Swift, Objective-C and C, property lists, entitlements and projects below PATH.
Exit code: 0 when nothing is reported, 1 when something is, 2 for wrong usage or a system error."""


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("paths", nargs="*", metavar="PATH", default=["."], help="files and folders; - reads stdin")
    check.add_argument("--format", choices=("text", "json", "sarif"), default="text", help="how to report (text)")
    check.add_argument("--output", metavar="FILE", help="write the report there instead of to stdout")
    check.add_argument(
        "--statistics", action="store_true", help="count the findings of each rule instead of showing them"
    )
    which = check.add_argument_group("what is reported")
    which.add_argument("--profile", choices=("recommended", "strict", "pedantic"))
    which.add_argument("--select", metavar="ID,…", action="append", help="report only these rules, families or globs")
    which.add_argument("--ignore", metavar="ID,…", action="append", help="never report these")
    which.add_argument("--include-tests", action="store_true", default=None, help="check test code too")
    which.add_argument("--fail-on", metavar="SEVERITY[:CONFIDENCE]", help="from what on the exit code is 1 (info:hint)")
    which.add_argument(
        "--baseline", metavar="FILE", help="report only what is not in this file; see `ipclint baseline`"
    )
    fixes = check.add_argument_group("fixes")
    fixes.add_argument("--fix", action="store_true", help="apply the safe fixes")
    fixes.add_argument("--unsafe-fixes", action="store_true", help="apply the others too, or show them with --diff")
    fixes.add_argument("--diff", action="store_true", help="show what would be fixed, and write nothing")
    how = check.add_argument_group("how it runs")
    how.add_argument("--config", metavar="FILE", help="this ipclint.toml, not the one of the folder")
    how.add_argument("--jobs", metavar="N", type=_jobs, help="processes that read files (one a processor)")
    how.add_argument("--no-cache", action="store_true", help="neither use nor write the cache")
    how.add_argument("--stdin-filename", metavar="NAME", help="what the text on stdin is called")
    check.set_defaults(command=_check, parser=check)


_BASELINE = """Writes a file with what is found below PATH now. `ipclint check --baseline FILE`, or `baseline = "FILE"`
in ipclint.toml, then reports only what is new. Reasons and dates that people wrote into it are kept."""


def _add_baseline(baseline: argparse.ArgumentParser) -> None:
    baseline.add_argument("path", nargs="?", metavar="PATH", default=".", help="the folder (the current one)")
    baseline.add_argument(
        "--output", metavar="FILE", help="the file (the one ipclint.toml names, else ipclint-baseline.json)"
    )
    baseline.add_argument("--config", metavar="FILE", help="this ipclint.toml, not the one of the folder")
    baseline.add_argument("--profile", choices=("recommended", "strict", "pedantic"))
    baseline.add_argument("--include-tests", action="store_true", default=None, help="check test code too")
    baseline.add_argument("--no-cache", action="store_true", help="neither use nor write the cache")
    baseline.set_defaults(command=_baseline, parser=baseline)


def _add_surface(surface: argparse.ArgumentParser) -> None:
    surface.add_argument("path", nargs="?", metavar="PATH", default=".", help="the folder (the current one)")
    surface.add_argument(
        "--format", choices=("text", "json", "mermaid", "html"), default="text", help="how to write it (text)"
    )
    surface.add_argument("--output", metavar="FILE", help="write it there instead of to stdout")
    surface.add_argument(
        "--diff", metavar="REV", help="what was added and removed since a revision of git; text, json or html"
    )
    surface.add_argument(
        "--link", metavar="URL", help="where places in the HTML page lead: a URL with {path}, {line} and {column}"
    )
    surface.set_defaults(command=_surface, parser=surface)


def _jobs(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of processes from 1 to 256')
    return int(text)


def _check(options: argparse.Namespace) -> int:
    from ipclint.cli.check import check

    return check(options)


def _baseline(options: argparse.Namespace) -> int:
    from ipclint.cli.baseline import baseline

    return baseline(options)


def _rules(options: argparse.Namespace) -> int:
    from ipclint.cli.rules import list_rules

    return list_rules(options)


def _explain(options: argparse.Namespace) -> int:
    from ipclint.cli.rules import explain

    return explain(options)


def _surface(options: argparse.Namespace) -> int:
    from ipclint.cli.surface import surface

    return surface(options)
