"""What the shell scripts of build phases sign, and how: the calls of `codesign` in them.

Not a detector itself: ENT107 has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Script

_COMMAND = re.compile(r"(?:^|[;&|({]|\bthen\b|\bdo\b)\s*(?:/usr/bin/|xcrun\s+)?codesign\s(?P<arguments>[^;&|]*)")
_SIGNS = re.compile(r"(?:^|\s)(?:--sign\b|-[a-z]*s\b)")
_DEEP = re.compile(r"(?:^|\s)--deep\b")
_HARDENED = re.compile(r"\bruntime\b|--preserve-metadata=\S*\bflags\b")
_OPTIONS = re.compile(r"(?i)\$\{?\w*(?:opt|flag|arg)")
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(?P<name>\w+)=(?P<value>\S.*?)\s*;?$")
_VARIABLE = re.compile(r"\$\{?(?P<name>\w+)\}?")
_PROGRAM = re.compile(r"\.(?:app|xpc|appex|systemextension)/?$|/(?:MacOS|Library/LaunchServices)/[^/]+$")
_BUILT = re.compile(r"\$\{?(?:CODESIGNING_FOLDER_PATH|EXECUTABLE_PATH|WRAPPER_NAME|FULL_PRODUCT_NAME)\}?$")
_LEAVES = re.compile(r"^\s*exit\b")


class Signing(NamedTuple):
    """A call of `codesign` that signs a program: what, with the hardened runtime or not, and whatever is in it too."""

    path: str
    hardened: bool
    deep: bool


def signings(script: Script) -> Iterator[Signing]:
    """The programs that a script signs. Libraries and frameworks are left out: the runtime is one of their programs."""
    values: dict[str, str] = {}
    for line in script.text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if _LEAVES.match(line) and not line.startswith((" ", "\t")):
            return  # whatever follows is not run any more
        if assigned := _ASSIGNMENT.match(line):
            values[assigned["name"]] = _expanded(assigned["value"], values)
        for command in _COMMAND.finditer(line):
            arguments = _expanded(command["arguments"].strip(), values)
            path = arguments.split()[-1] if arguments else ""
            if _SIGNS.search(arguments) and not _OPTIONS.search(arguments) and _is_program(path):
                yield Signing(path, bool(_HARDENED.search(arguments)), bool(_DEEP.search(arguments)))


def _expanded(value: str, values: dict[str, str]) -> str:
    """A value with the variables of the script filled in, without quotes."""
    return _VARIABLE.sub(lambda found: values.get(found["name"], found[0]), value).replace('"', "").replace("'", "")


def _is_program(path: str) -> bool:
    return bool(_PROGRAM.search(path) or _BUILT.search(path))
