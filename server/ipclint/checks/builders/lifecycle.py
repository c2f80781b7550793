"""Fixes that let a client hear when its connection fails (fixes F16 and F17 of the catalogue)."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program

SWIFT_HANDLERS = """\
{connection}.interruptionHandler = {{ NSLog("XPC connection interrupted") }}
{connection}.invalidationHandler = {{ NSLog("XPC connection invalidated") }}"""
OBJC_HANDLERS = """\
{connection}.interruptionHandler = ^{{ NSLog(@"XPC connection interrupted"); }};
{connection}.invalidationHandler = ^{{ NSLog(@"XPC connection invalidated"); }};"""


@builder("proxy-with-error-handler")
def proxy_with_error_handler(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`remoteObjectProxy` → the same with an error handler that logs. Parentheses, since it may stand in a
    condition.
    """
    proxy, connection = finding.holes.get("proxy"), finding.holes.get("connection")
    if not isinstance(proxy, Place) or not isinstance(connection, Place):
        return
    receiver = sources.text(connection)
    if proxy.path.endswith(".swift"):
        optional = "?" if sources.text(proxy)[len(receiver) :].lstrip().startswith("?") else ""
        handler = '{ error in NSLog("XPC: %@", String(describing: error)) }'
        text = f"{receiver}{optional}.remoteObjectProxyWithErrorHandler({handler})"
    else:
        text = f'[{receiver} remoteObjectProxyWithErrorHandler:^(NSError *error) {{ NSLog(@"XPC: %@", error); }}]'
    yield Fix("Hear of errors in a handler", True, (sources.replace(proxy, text),), rule=rule.id)


@builder("lifecycle-handlers")
def lifecycle_handlers(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Set both handlers before the connection is started."""
    start, connection = finding.holes.get("start"), finding.holes.get("connection")
    if not isinstance(start, Place) or not isinstance(connection, Place):
        return
    template = SWIFT_HANDLERS if start.path.endswith(".swift") else OBJC_HANDLERS
    edit = sources.insert_before(start, template.format(connection=sources.text(connection)))
    yield Fix("Set interruption and invalidation handlers", True, (edit,), rule=rule.id)
