"""Refactorings that build what a boundary lacks: what they write, and where they are not offered."""

from __future__ import annotations

import pytest

from ipclint.checks.edits import apply_fixes
from ipclint.checks.fix import Sources
from ipclint.checks.scaffolds import scaffolds
from ipclint.model.facts import SourceFacts
from ipclint.model.source import Span
from ipclint.program.program import Program, UnitRef
from ipclint.readers import read
from tests.program.flow_sample import vocabulary

EXPORT = "func export(_ c: NSXPCConnection) { c.exportedObject = Helper(); c.exportedInterface = NSXPCInterface(with: Helping.self) }\n"
PROJECT = """
import PackageDescription
let package = Package(name: "P", platforms: [.macOS(.v13)], targets: [.executableTarget(name: "Helper")])
"""


class Case:
    """A program, and what can be built in it."""

    def __init__(self, **files: str) -> None:
        self.data = {name.replace("_", "/").replace("DOT", "."): text.encode() for name, text in files.items()}
        self.program = Program(vocabulary())
        self.facts = {path: read(path, data) for path, data in self.data.items()}
        for facts in self.facts.values():
            self.program.update(facts)

    def extent(self, ref: UnitRef) -> Span:
        facts = self.facts[ref.path]
        assert isinstance(facts, SourceFacts)
        return facts.extents[ref.key]

    def titles(self, path: str) -> list[str]:
        return [title for title, _ in self.offered(path)]

    def offered(self, path: str) -> list[tuple[str, dict[str, str]]]:
        """What is offered in a file: titles, and the files as they then are. Nothing breaks a file's syntax."""
        sources = Sources(self.data.__getitem__, self.extent)
        found: list[tuple[str, dict[str, str]]] = []
        for key in self.program.units(path):
            for fix in scaffolds(self.program, UnitRef(path, key), sources):
                assert not fix.safe
                changed = apply_fixes(self.data.__getitem__, [fix])
                for name, data in changed.items():
                    after = read(name, data)
                    assert isinstance(after, SourceFacts) and not after.errors, data.decode()
                found.append((fix.title, {name: data.decode() for name, data in changed.items()}))
        return found

    def built(self, path: str) -> str:
        """The file after the one thing that can be built in it."""
        [(_, files)] = self.offered(path)
        return files[path]


def swift(method: str, protocol: str) -> Case:
    text = f"@objc protocol Helping {{\n    {protocol}\n}}\n\nfinal class Helper: NSObject, Helping {{\n{method}}}\n"
    return Case(HelperDOTswift=text, ExportDOTswift=EXPORT)


def test_a_swift_method_gets_a_validator_of_its_text_files_bytes_and_keys() -> None:
    case = swift(
        "    func run(tool: String, path: String, data: Data, keys: [String: Any], count: Int, "
        "withReply reply: @escaping (Bool, Error?) -> Void) {\n        reply(true, nil)\n    }\n",
        "func run(tool: String, path: String, data: Data, keys: [String: Any], count: Int, "
        "withReply reply: @escaping (Bool, Error?) -> Void)",
    )
    built = case.built("Helper.swift")
    assert (
        """
    private static func acceptsRun(tool: String, path: String, data: Data, keys: [String: Any]) -> Bool {
        let allowedTool: Set<String> = []  // what a client may ask for
        let rootOfPath = "/Library/Application Support/com.example/"  // where a client's files stand
        let allowedKeysOfKeys: Set<String> = []  // what a client may say
        return allowedTool.contains(tool)
            && URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path.hasPrefix(rootOfPath)
            && data.count <= 1_048_576
            && allowedKeysOfKeys.isSuperset(of: keys.keys)
    }
"""
        in built
    )
    assert (
        """        guard Self.acceptsRun(tool: tool, path: path, data: data, keys: keys) else {
            reply(false, CocoaError(.formatting))
            return
        }
        reply(true, nil)
"""
        in built
    )
    again = Case(HelperDOTswift=built, ExportDOTswift=EXPORT)
    assert again.titles("Helper.swift") == [], "one validator is enough"


def test_an_objective_c_method_gets_one_in_the_style_of_its_file() -> None:
    protocol = "- (void)runTool:(NSString *)tool keys:(NSDictionary *)keys withReply:(void (^)(NSError *error))reply;"
    case = Case(
        HelpingDOTh=f"@protocol Helping\n{protocol}\n@end\n",
        HelperDOTh="@interface Helper : NSObject <Helping>\n@end\n",
        HelperDOTm=f"@implementation Helper\n\n{protocol[:-1]}\n{{\n    reply(nil);\n}}\n\n@end\n",
        ExportDOTswift=EXPORT,
    )
    assert (
        case.built("Helper.m")
        == """@implementation Helper

+ (BOOL)acceptsRunToolTool:(NSString *)tool keys:(NSDictionary *)keys
{
    NSSet<NSString *> *allowedTool = [NSSet set]; // what a client may ask for
    NSSet *allowedKeysOfKeys = [NSSet set]; // what a client may say
    return [allowedTool containsObject:tool]
        && [[NSSet setWithArray:keys.allKeys] isSubsetOfSet:allowedKeysOfKeys];
}

- (void)runTool:(NSString *)tool keys:(NSDictionary *)keys withReply:(void (^)(NSError *error))reply
{
    if (![[self class] acceptsRunToolTool:tool keys:keys]) {
        reply([NSError errorWithDomain:NSCocoaErrorDomain code:NSFormattingError userInfo:nil]);
        return;
    }
    reply(nil);
}

@end
"""
    )


@pytest.mark.parametrize(
    ("method", "refused"),
    [
        ("func run(tool: String) { }", "return\n"),
        ("func run(tool: String) async throws -> Data { Data() }", "throw CocoaError(.formatting)\n"),
        ("func run(tool: String) async -> Bool { true }", "return false\n"),
        ("func run(tool: String, reply: ((String?, Int) -> Void)?) { }", "reply?(nil, 0)\n            return\n"),
    ],
)
def test_how_a_method_refuses(method: str, refused: str) -> None:
    case = swift(f"    {method.replace('{ ', '{' + chr(10) + '        ')}\n", method.partition(" {")[0])
    assert f"else {{\n            {refused}" in case.built("Helper.swift")


@pytest.mark.parametrize(
    "method",
    [
        "func run(count: Int) { }",
        "func run(tool: String?) { }",
        "func run(tool: String, reply: (Widget) -> Void) { }",
        "func run(tool: String) -> Widget { Widget() }",
        "func run(a: String, one: () -> Void, two: () -> Void) { }",
    ],
)
def test_no_validator_where_none_can_be_thought_of(method: str) -> None:
    assert swift(f"    {method}\n", method.partition(" {")[0]).titles("Helper.swift") == []


def test_no_validator_for_a_method_that_nobody_else_may_call() -> None:
    case = swift("    func run() { }\n    func local(tool: String) { }\n", "func run()")
    assert case.titles("Helper.swift") == []


DELEGATE = """final class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        CHECK
        c.resume()
        return true
    }
}
"""


def test_a_delegate_without_a_requirement_gets_one() -> None:
    case = Case(DelegateDOTswift=DELEGATE.replace("        CHECK\n", ""))
    assert "    if #available(macOS 13.0, *) {\n            c.setCodeSigningRequirement(" in case.built(
        "Delegate.swift"
    )
    case = Case(DelegateDOTswift=DELEGATE.replace("CHECK", "c.setCodeSigningRequirement(text)"))
    assert case.titles("Delegate.swift") == []


def test_a_listener_gets_a_requirement_where_all_systems_know_it() -> None:
    text = 'let listener = NSXPCListener(machServiceName: "a.b")\nlistener.resume()\n'
    case = Case(PackageDOTswift=PROJECT, Sources_Helper_mainDOTswift=text)
    [(title, files)] = case.offered("Sources/Helper/main.swift")
    assert title == "Require a code signature of every client, at the listener"
    lines = files["Sources/Helper/main.swift"].split("\n")
    assert lines[1].startswith('listener.setConnectionCodeSigningRequirement("anchor apple generic')
    assert lines[2] == "listener.resume()"
    assert Case(mainDOTswift=text).titles("main.swift") == [], "it may run on a system that has no such call"
    embedded = text.replace('NSXPCListener(machServiceName: "a.b")', "NSXPCListener.service()")
    assert Case(PackageDOTswift=PROJECT, Sources_Helper_mainDOTswift=embedded).titles("Sources/Helper/main.swift") == []


LETTER = """final class Letter: NSObject {
    let title: String
    init(title: String) {
        self.title = title
    }
}
"""


def test_a_class_that_crosses_becomes_an_nssecurecoding_class() -> None:
    protocol = "@objc protocol Helping { func deliver(_ letters: [Letter]) }\n"
    case = Case(LetterDOTswift=LETTER, HelpingDOTswift=protocol, ExportDOTswift=EXPORT)
    built = case.built("Letter.swift")
    assert "final class Letter: NSObject, NSSecureCoding {" in built
    assert "static var supportsSecureCoding: Bool { true }" in built
    assert "decodeObject(of: NSString.self" in built
    again = Case(LetterDOTswift=built, HelpingDOTswift=protocol, ExportDOTswift=EXPORT)
    assert again.titles("Letter.swift") == []
    assert Case(LetterDOTswift=LETTER, ExportDOTswift=EXPORT).titles("Letter.swift") == [], "it does not cross"
