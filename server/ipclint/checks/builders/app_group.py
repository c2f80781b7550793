"""The fix for an app group that the entitlements lack (GRP101): add it, in the file's own text."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import edits
from ipclint.checks.detectors.app_group import GROUPS_KEY
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.program.program import Program


@builder("add-app-group")
def add_app_group(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """List the group in the entitlements. Unsafe: it has to be in the provisioning profile as well."""
    group, container = finding.holes.get("group"), finding.holes.get("entitlements")
    if not isinstance(group, str) or not isinstance(container, Place):
        return
    data = sources.data(container.path)
    text = data[container.start : container.end]
    if text.endswith(b"</array>"):
        inside = (f"<string>{group}</string>",)
    elif text.endswith(b"</dict>"):
        inside = (f"<key>{GROUPS_KEY}</key>", "<array>", f"\t<string>{group}</string>", "</array>")
    else:
        return  # a binary property list, or an empty element
    edit = _before_closing_tag(container, data, inside)
    yield Fix("Add the group to the entitlements", False, (edit,), rule=rule.id)


def _before_closing_tag(container: Place, data: bytes, lines: tuple[str, ...]) -> Edit:
    """Lines before the closing tag, one level deeper than it, in the file's own indentation and line ends."""
    closing = data.rindex(b"</", container.start, container.end)
    line_start = data.rfind(b"\n", 0, closing) + 1
    newline = "\r\n" if data[line_start - 2 : line_start] == b"\r\n" else "\n"
    outer = data[line_start:closing]
    if outer.strip():  # the tag stands behind other elements on one line
        return Edit(container.path, closing, closing, "".join(line.strip() for line in lines))
    indent, unit = outer.decode("ascii", "replace"), edits.level_of(data)
    text = "".join(f"{indent}{unit}{line.replace(chr(9), unit)}{newline}" for line in lines)
    return Edit(container.path, line_start, line_start, text)
