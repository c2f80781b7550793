"""Programs for tests of the flow analysis: one exported method a test, and what reaches what in it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from ipclint.program.flow_search import Flow, flows, roots
from ipclint.program.program import Program, UnitRef
from ipclint.program.vocabulary import Vocabulary, parse_models
from ipclint.readers import read

MODELS = Path(__file__).resolve().parents[2] / "rules" / "models"


@cache
def vocabulary() -> Vocabulary:
    texts = (path.read_text(encoding="utf-8") for path in sorted(MODELS.glob("*.toml")))
    return Vocabulary(parse_models(tomllib.loads(text) for text in texts))


def program_of(files: dict[str, str]) -> Program:
    program = Program(vocabulary())
    for path, text in files.items():
        program.update(read(path, text.encode()))
    return program


def flows_in(program: Program, paths: list[str]) -> list[Flow]:
    """Every flow that begins in one of the files, in a fixed order."""
    found = [
        flow
        for path in sorted(paths)
        for key in program.keys(path)
        for root in roots(program, UnitRef(path, key))
        for flow in flows(program, root)
    ]
    return sorted(found, key=lambda flow: (flow.sink.kind, flow.sink.node.start, str(flow.root)))


def reached(files: dict[str, str], unless: frozenset[str] = frozenset({"value", "path"})) -> set[str]:
    """The kinds of sinks that data from outside reaches without one of the assurances `unless`."""
    program = program_of(files)
    return {flow.sink.kind for flow in flows_in(program, list(files)) if flow.tokens.isdisjoint(unless)}


def swift(body: str, more: str = "", members: str = "") -> dict[str, str]:
    """A helper with the exported method `act(_ x: String, flag: Bool)`; `more` stands beside its class."""
    return {
        "Helper.swift": f"""
@objc protocol HelperProtocol {{ func act(_ x: String, flag: Bool, reply: @escaping (String?) -> Void) }}

final class Helper: NSObject, HelperProtocol {{
    {members}
    func serve(_ connection: NSXPCConnection) {{
        connection.exportedInterface = NSXPCInterface(with: HelperProtocol.self)
        connection.exportedObject = self
    }}
    func act(_ x: String, flag: Bool, reply: @escaping (String?) -> Void) {{
        {body}
    }}
}}
{more}
"""
    }


def objc(body: str, more: str = "", members: str = "") -> dict[str, str]:
    """The same in Objective-C: `- (void)act:(NSString *)x`."""
    return {
        "Helper.m": f"""
@protocol HelperProtocol
- (void)act:(NSString *)x;
@end
{more}
@interface Helper : NSObject <HelperProtocol>
@property (copy) NSString *kept;
@end
@implementation Helper
- (void)serve:(NSXPCConnection *)connection {{
    connection.exportedInterface = [NSXPCInterface interfaceWithProtocol:@protocol(HelperProtocol)];
    connection.exportedObject = self;
}}
- (void)act:(NSString *)x {{
    {body}
}}
{members}
@end
"""
    }
