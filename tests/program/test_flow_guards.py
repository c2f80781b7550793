"""What clears data: validators where they hold, on their branch, for what they test, and nothing else."""

from __future__ import annotations

import pytest

from ipclint.program.flow import asserts
from tests.program.flow_sample import objc, program_of, reached, swift

MEMBERS = 'let allowed = ["a", "b"]'
KIND = "enum Kind: String { case a, b }\n"


@pytest.mark.parametrize(
    "body",
    [
        "guard allowed.contains(x) else { return }; system(x)",
        "if allowed.contains(x) { system(x) }",
        "if !allowed.contains(x) { reply(nil); return }; system(x)",
        'guard x == "a" || x == "b" else { return }; system(x)',
        "guard flag, allowed.contains(x) else { return }; system(x)",
        'switch x { case "a", "b": system(x); default: break }',
        "guard Kind(rawValue: x) != nil else { return }; system(x)",
        "guard let kind = Kind(rawValue: x) else { return }; system(kind.rawValue)",
        "let ok = allowed.contains(x); if !ok { return }; system(x)",
        'guard let n = Int(x) else { return }; system("kill \\(n) \\(x)")',
        'guard x.range(of: "^[a-z]+$", options: .regularExpression) != nil else { return }; system(x)',
        "guard x.rangeOfCharacter(from: CharacterSet.alphanumerics.inverted) == nil else { return }; system(x)",
        "guard x.allSatisfy({ $0.isLetter }) else { return }; system(x)",
        'guard ["a": 1][x] != nil else { return }; system(x)',
        "if allowed.contains(x) && flag { system(x) }",
        'system(allowed.contains(x) ? x : "a")',
        "guard allowed.contains(x) else { fatalError() }; system(x)",
        "let y = x; guard allowed.contains(y) else { return }; system(x)",
    ],
)
def test_it_clears(body: str) -> None:
    assert reached(swift(body, KIND, MEMBERS)) == set()


@pytest.mark.parametrize(
    "body",
    [
        "if !allowed.contains(x) { reply(nil) }; system(x)",
        "_ = allowed.contains(x); system(x)",
        "guard allowed.contains(x) || flag else { return }; system(x)",
        "guard !allowed.contains(x) else { return }; system(x)",
        "if flag { guard allowed.contains(x) else { return } }; system(x)",
        "guard !x.isEmpty else { return }; system(x)",
        'guard x.hasPrefix("a") else { return }; system(x)',
        'guard x.contains("a") else { return }; system(x)',
        "let y = x.lowercased(); guard allowed.contains(y) else { return }; system(x + y + x)",
        "guard let y = x as? String else { return }; system(y)",
        "do { guard allowed.contains(x) else { throw Failure() } } catch {}; system(x)",
        "while !allowed.contains(x) { break }; system(x)",
        "#if DEBUG\n guard allowed.contains(x) else { return }\n #endif\n system(x)",
    ],
)
def test_it_clears_nothing(body: str) -> None:
    expected = set() if "lowercased" in body else {"command.shell"}  # lowercase text says the same as the text
    assert reached(swift(body, KIND, MEMBERS)) == expected


@pytest.mark.parametrize(
    "body",
    [
        'if (![@[ @"a" ] containsObject:x]) { return; } system(x.UTF8String);',
        'if ([x isEqualToString:@"a"]) { system(x.UTF8String); }',
        'if (YES != [x isEqualToString:@"a"]) { return; } system(x.UTF8String);',
        'if (strcmp(x.UTF8String, "a") != 0) goto bail; system(x.UTF8String); bail: return;',
        'if ([x compare:@"a"] != NSOrderedSame) { return; } system(x.UTF8String);',
        'BOOL ok = [x isEqual:@"a"]; if (!ok) { return; } system(x.UTF8String);',
    ],
)
def test_it_clears_in_objective_c(body: str) -> None:
    assert reached(objc(body)) == set()


@pytest.mark.parametrize(
    ("body", "clear"),
    [
        ('remove(base + "/" + (x as NSString).lastPathComponent)', True),
        ('guard !x.contains("..") else { return }; remove(base + "/" + x)', True),
        ('guard !x.contains("..") else { return }; remove(x)', False),
        ('guard !x.contains("/") else { return }; remove("/var/data/\\(x)")', True),
        ('let y = (x as NSString).standardizingPath; guard y.hasPrefix("/var/data/") else { return }; remove(y)', True),
        ('let y = (x as NSString).standardizingPath; guard y.hasPrefix("/var/data") else { return }; remove(y)', False),
        ('guard x.hasPrefix("/var/data/") else { return }; remove(x)', False),
        ('guard x.hasPrefix("/var/data/"), !x.contains("..") else { return }; remove(x)', True),
        (
            'let u = URL(fileURLWithPath: x).standardizedFileURL; guard u.path.hasPrefix(base + "/") else { return }; remove(u.path)',
            True,
        ),
        ("let y = (x as NSString).deletingLastPathComponent; guard y == base else { return }; remove(x)", False),
    ],
)
def test_paths(body: str, clear: bool) -> None:
    assert (reached(swift(body, members='let base = "/var/data"')) == set()) is clear


@pytest.mark.parametrize(
    ("check", "clear"),
    [
        ("func ok(_ s: String) -> Bool { known.contains(s) }", True),
        ("func ok(_ s: String) -> Bool { if s.isEmpty { return false }; return known.contains(s) }", True),
        ("func ok(_ s: String) -> Bool { for k in known { if k == s { return true } }; return false }", True),
        ("func ok(_ s: String) -> Bool { var good = false; if known.contains(s) { good = true }; return good }", True),
        ("func ok(_ s: String) -> Bool { inner(s) }\nfunc inner(_ s: String) -> Bool { known.contains(s) }", True),
        ("func ok(_ s: String) -> Bool { _ = known.contains(s); return true }", False),
        ("func ok(_ s: String) -> Bool { if known.contains(s) { return true }; return s.count > 3 }", False),
        ("func ok(_ s: String) -> Bool { ok(s) }", False),
    ],
)
def test_a_function_counts_by_its_body(check: str, clear: bool) -> None:
    more = f'let known = ["a"]\n{check}'
    assert (reached(swift("guard ok(x) else { return }; system(x)", more)) == set()) is clear


def test_a_function_that_throws() -> None:
    more = 'let known = ["a"]\nfunc check(_ s: String) throws { guard known.contains(s) else { throw Bad() } }'
    assert reached(swift("do { try check(x); system(x) } catch {}", more)) == set()
    assert reached(swift("try? check(x); system(x)", more.replace("throw Bad()", "return"))) == {"command.shell"}


def test_goto_and_status_tell_what_a_validator_means() -> None:
    text = """
OSStatus verify(NSString *path) {
    OSStatus status = !noErr;
    SecStaticCodeRef code = NULL;
    status = SecStaticCodeCreateWithPath((__bridge CFURLRef)[NSURL fileURLWithPath:path], kSecCSDefaultFlags, &code);
    if (noErr != status) { goto bail; }
    status = SecStaticCodeCheckValidity(code, kSecCSDefaultFlags, NULL);
    if (noErr != status) { goto bail; }
    status = noErr;
bail:
    if (NULL != code) { CFRelease(code); code = NULL; }
    return status;
}
"""
    program = program_of({"verify.m": text})
    (ref,) = program.functions_named("verify")
    assert asserts(program, ref, 0).zero == {"code.verified"}
    assert asserts(program, ref, 0).true == frozenset()
