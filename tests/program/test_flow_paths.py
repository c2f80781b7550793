"""How data goes through code: what hands it on, in both languages."""

from __future__ import annotations

import pytest

from tests.program.flow_sample import objc, reached, swift

SINK = "system(y)"


@pytest.mark.parametrize(
    "body",
    [
        "system(x)",
        "let y = x; system(y)",
        'var y = "ls "; y += x; system(y)',
        'var y = ""; y.append(x); system(y)',
        'let y = "ls \\(x)"; system(y)',
        'let y = String(format: "ls %@", x); system(y)',
        'let y = flag ? x : ""; system(y)',
        'let y = Optional(x) ?? ""; system(y)',
        "guard let y = x as? String else { return }; system(y)",
        "if let y = Optional(x) { system(y) }",
        'let y = [x, "a"].joined(separator: " "); system(y)',
        'for y in x.components(separatedBy: ",") { system(y) }',
        'x.split(separator: ",").map { String($0) }.forEach { system($0) }',
        'let parts = ["a": x]; system(parts["a"]!)',
        'var parts: [String: String] = [:]; parts["a"] = x; system(parts["a"]!)',
        "let y = x.trimmingCharacters(in: .whitespaces).lowercased(); system(y)",
        "let (y, _) = (x, 1); system(y)",
        "let run = { (y: String) in system(y) }; run(x)",
        "func run(_ y: String) { system(y) }; run(x)",
        "DispatchQueue.main.async { system(x) }",
        "do { let y = try JSONDecoder().decode(String.self, from: x.data(using: .utf8)!); system(y) } catch {}",
        'var y = ""; while flag { y = x }; system(y)',
        'var y = "a"; defer { system(y) }; y = x',
        "switch x { case let y where flag: system(y); default: break }",
        "let y = try? x.description; system(y!)",
        "let url = URL(string: x)!; system(url.path)",
    ],
)
def test_swift_hands_on(body: str) -> None:
    assert reached(swift(body)) == {"command.shell"}


@pytest.mark.parametrize(
    "body",
    [
        'var y = x; y = "a"; system(y)',
        'system("ls"); _ = x',
        'let n = Int(x) ?? 0; system("kill \\(n)")',
        'let n = x.count; system("echo \\(n)")',
        'system("echo \\(flag)")',
        'let y = ["a": "b"][x] ?? ""; system(y)',
        "let y = foreign(x); system(y)",
        'if x.isEmpty { system("ls") }',
    ],
)
def test_swift_does_not_hand_on(body: str) -> None:
    assert reached(swift(body)) == set()


@pytest.mark.parametrize(
    "body",
    [
        "system(x.UTF8String);",
        "system([x UTF8String]);",
        'NSString *y = [NSString stringWithFormat:@"ls %@", x]; system(y.UTF8String);',
        "NSMutableString *y = [NSMutableString string]; [y appendString:x]; system(y.UTF8String);",
        "NSArray *parts = @[ x ]; system([parts[0] UTF8String]);",
        'NSDictionary *d = @{ @"a": x }; system([d[@"a"] UTF8String]);',
        'for (NSString *y in [x componentsSeparatedByString:@","]) { system(y.UTF8String); }',
        '[[x componentsSeparatedByString:@","] enumerateObjectsUsingBlock:^(NSString *y, NSUInteger i, BOOL *stop) { system(y.UTF8String); }];',
        "self.kept = x; system(self.kept.UTF8String);",
        "_kept = x; system(_kept.UTF8String);",
        "[self setKept:x]; system([self.kept UTF8String]);",
        "char buffer[10]; strlcpy(buffer, x.UTF8String, 10); system(buffer);",
        "const char *y = x.UTF8String; if (!y) goto out; system(y); out: return;",
        "dispatch_async(dispatch_get_main_queue(), ^{ system(x.UTF8String); });",
    ],
)
def test_objective_c_hands_on(body: str) -> None:
    assert reached(objc(body)) == {"command.shell"}


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("Shell().run(x)", "final class Shell { func run(_ y: String) { system(y) } }"),
        ("Shell.run(x)", "enum Shell { static func run(_ y: String) { system(y) } }"),
        ("run(x)", "func run(_ y: String) { system(y) }"),
        ("system(quoted(x))", "func quoted(_ y: String) -> String { \"'\\(y)'\" }"),
        ("system(Job(line: x).line)", "struct Job { let line: String }"),
        (
            "Job(x).start()",
            "final class Job { let line: String\n init(_ y: String) { line = y }\n func start() { system(line) } }",
        ),
        (
            "let job = Job(); job.line = x; job.start()",
            'final class Job { var line = ""\n func start() { system(line) } }',
        ),
        ("given(x) { y in system(y) }", "func given(_ s: String, _ body: (String) -> Void) { body(s) }"),
        ('var y = ""; fill(&y, x); system(y)', "func fill(_ out: inout String, _ s: String) { out = s }"),
        (
            "let r: Runner = Real(); r.run(x)",
            "protocol Runner { func run(_ y: String) }\nfinal class Real: Runner { func run(_ y: String) { system(y) } }",
        ),
        ("x.start()", "extension String { func start() { system(self) } }"),
        ("system(x.cleaned)", "extension String { var cleaned: String { trimmingCharacters(in: .whitespaces) } }"),
    ],
)
def test_through_functions_of_the_program(body: str, more: str) -> None:
    assert reached(swift(body, more)) == {"command.shell"}


def test_kept_now_and_used_later() -> None:
    members = 'var line = ""\n func fire() { system(line) }'
    assert reached(swift("line = x", members=members)) == {"command.shell"}


def test_kept_in_a_global() -> None:
    assert reached(swift("pending = x", 'var pending = ""\nfunc fire() { system(pending) }')) == {"command.shell"}


def test_what_a_source_gives_back_goes_up_to_callers() -> None:
    files = {
        "Board.swift": 'func pasted() -> String { UIPasteboard.general.string ?? "" }',
        "Use.swift": "func use() { system(pasted()) }",
    }
    assert reached(files) == {"command.shell"}


def test_across_languages() -> None:
    files = objc("[Shell runLine:x];", "@class Shell;")
    files["Shell.swift"] = (
        "@objc final class Shell: NSObject { @objc static func runLine(_ y: String) { run(y.UTF8String()) } }"
    )
    files["run.c"] = "#include <stdlib.h>\nvoid run(const char *y) { system(y); }"
    files["Shell.swift"] = "@objc final class Shell: NSObject { @objc static func runLine(_ y: String) { run(y) } }"
    assert reached(files) == {"command.shell"}


def test_handlers_handed_over_by_name() -> None:
    text = """
final class Watch: NSObject {
    func start() {
        DistributedNotificationCenter.default().addObserver(self, selector: #selector(changed(_:)), name: nil, object: nil)
    }
    @objc func changed(_ note: Notification) { system(note.object as! String) }
}
"""
    assert reached({"Watch.swift": text}) == {"command.shell"}


@pytest.mark.parametrize(
    ("body", "members"),
    [
        ("handler(x)", "var handler: (String) -> Void = { _ in }\n func set() { handler = { y in system(y) } }"),
        ("self.handler?(x)", "var handler: ((String) -> Void)?\n func set() { self.handler = { y in system(y) } }"),
        (
            "handler?(x)",
            "var handler: ((String) -> Void)?\n func keep(_ h: @escaping (String) -> Void) { handler = h }",
        ),
    ],
)
def test_closures_that_are_kept_and_called_later(body: str, members: str) -> None:
    more = "func make(_ helper: Helper) { helper.keep { y in system(y) } }"
    assert reached(swift(body, more, members)) == {"command.shell"}


def test_closures_kept_by_another_object() -> None:
    more = """
final class Client { var onLine: ((String) -> Void)?\n func take(_ s: String) { onLine?(s) } }
final class User { let client = Client()\n func start() { client.onLine = { y in system(y) } } }
"""
    assert reached(swift("Client().take(x)", more)) == {"command.shell"}


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ('Notification.Name("got")', ""),
        ('Notification.Name(rawValue: "got")', ""),
        (".got", 'extension Notification.Name { static let got = Notification.Name("got") }'),
        ("gotName", 'let gotName = Notification.Name("got")'),
    ],
)
def test_through_a_notification(name: str, declared: str) -> None:
    more = f"""
{declared}
final class Observer {{
    func start() {{
        NotificationCenter.default.addObserver(forName: {name}, object: nil, queue: nil) {{ note in
            if let line = note.userInfo?["line"] as? String {{ system(line) }}
        }}
        NotificationCenter.default.addObserver(forName: Notification.Name("other"), object: nil, queue: nil) {{ note in
            unlink(note.object as! String)
        }}
    }}
}}
"""
    body = f'NotificationCenter.default.post(name: {name}, object: nil, userInfo: ["line": x])'
    assert reached(swift(body, more)) == {"command.shell", "hop.notification"}


def test_through_a_notification_between_languages() -> None:
    post = '[[NSNotificationCenter defaultCenter] postNotificationName:@"got" object:x];'
    files = objc(post)
    files["Observer.swift"] = """
final class Observer: NSObject {
    func start() {
        NotificationCenter.default.addObserver(self, selector: #selector(got(_:)), name: Notification.Name("got"), object: nil)
    }
    @objc func got(_ note: Notification) { system(note.object as! String) }
}
"""
    assert "command.shell" in reached(files)
