"""The glance at a source file: words, declared names, the choice of words; and what it leaves unread changes nothing."""

from __future__ import annotations

import re
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ipclint.checks.rulebook import Rulebook, parse_rulebook
from ipclint.engine import prefilter
from ipclint.engine.prefilter import declared_names, factored, may_matter, word_filter
from ipclint.engine.triggers import trigger_words
from ipclint.engine.unread import MAX_DECLARERS, Unread

WORDS = st.lists(st.text("ab_c(", min_size=1, max_size=6), min_size=1, max_size=6, unique=True)


@given(WORDS, st.text("ab_c( x", max_size=30))
def test_factored_words_are_the_words(words: list[str], text: str) -> None:
    pattern = re.compile(factored(sorted(word.encode() for word in words)))
    assert (pattern.search(text.encode()) is not None) == any(word in text for word in words)


@pytest.mark.parametrize("engine", ["re2", "re"])
def test_identifiers_match_whole_and_texts_anywhere(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine == "re":
        monkeypatch.setitem(sys.modules, "re2", None)
    prefilter._compiled.cache_clear()
    has = word_filter(["open", "openURL", "NSXPC*", ".load(", "/tmp/"])
    assert [bool(has(text)) for text in (b"open(x)", b"reopen(x)", b"openURLs", b"aNSXPC", b"NSXPCConnection", b"a.load(b)", b"x/tmp/y")] == [
        True, False, False, False, True, True, True,
    ]  # fmt: skip
    prefilter._compiled.cache_clear()


def test_no_words_matter_to_nobody() -> None:
    assert not word_filter([])(b"anything")


def test_words_that_must_stand_together() -> None:
    has = word_filter(["UserDefaults & .set(", "alone"])
    assert [has(text) for text in (b"UserDefaults", b"x.set(1)", b"x.set(UserDefaults)", b"alone")] == [
        False,
        False,
        True,
        True,
    ]


def test_what_bytes_cannot_tell_is_read() -> None:
    has = word_filter(["word"])
    assert may_matter("swift", "word".encode("utf-16"), has)
    assert may_matter("plist", b"", has)
    assert not may_matter("swift", b"", has)


def test_declared_names_of_swift() -> None:
    text = b"""class A: B {
    private(set) static var count = 1
    @objc(doIt) override func doIt() {
        let local = 2
    }
    enum Inner { case x }
}
extension Outer.Thing: P {}
typealias T = Int
let top = 3
    struct S {}
"""
    assert declared_names("swift", text) == {"A", "count", "doIt", "local", "Inner", "+Thing", "T", "top", "S"}


def test_declared_names_of_objective_c_and_c() -> None:
    text = b"""@interface Helper : NSObject
- (BOOL) accepts:(id)a from:(id)b;
+ (instancetype)shared
#define VERIFY(x) check(x)
static NSString *const kName = @"x";
BOOL check(int a)
{
typedef struct {
} Thing;
"""
    assert declared_names("objc", text) == {"Helper", "accepts", "shared", "VERIFY", "kName", "check", "Thing"}


def test_declared_names_of_cxx() -> None:
    text = b"""bool Security::allows(xpc_object_t message)
std::string Names::Inner::first(int a) const
Server::Server(int port) : port(port) {}
allows(1);
"""
    assert declared_names("objc", text) == {"Security", "allows", "Names", "first", "Server"}


def test_a_macro_or_an_attribute_before_an_objective_c_type_hides_no_name() -> None:
    text = b"""DIRECT_MEMBERS @interface Status : NSObject <StatusProtocol>
__attribute__((objc_direct_members)) @implementation Direct
API_AVAILABLE(macos(13.0)) @protocol Service <NSObject>
- (void)status:(id)of reply:(void (^)(NSData *))reply;
id made = @protocol(Other);
"""
    assert declared_names("objc", text) == {"Status", "Direct", "Service", "status", "made"}


def test_files_with_a_late_word_are_read_when_it_is_asked_for() -> None:
    names = declared_names("swift", b"func f() { center.addObserver(self) }")
    assert "@addObserver" in names
    unread = Unread()
    for number in range(20):
        unread.add(f"{number}.swift", names)
    assert len(unread.declaring(["@addObserver"])) == 20


def test_a_name_that_many_files_declare_leads_nowhere() -> None:
    unread = Unread()
    for number in range(MAX_DECLARERS + 1):
        unread.add(f"{number}.swift", frozenset({"start", "rare" if number < 2 else "other", "+String"}))
    assert unread.declaring(["start", "String"]) == set()
    assert unread.declaring(["rare"]) == {"0.swift", "1.swift"}
    unread.discard(f"{MAX_DECLARERS}.swift")
    assert len(unread.declaring(["start"])) == MAX_DECLARERS


MODELS = """
[[api]]
name = "demo.board"
swift = ["NSBoard.general"]
returns = "NSBoard"
[[api]]
name = "demo.read"
swift = ["NSBoard.data(forType:)", "NSBoard.richText"]
[[api]]
name = "other.data"
swift = ["*.data(using:)"]
[[api]]
name = "demo.call"
swift = ["call(_:)"]
"""


def words_for(*lines: str) -> frozenset[str]:
    head = '# T\n\n```toml rule\nmessage = "m"\nseverity = "low"\n'
    book = parse_rulebook({"demo/x": head + "\n".join(lines) + "\n```\n\nwhy\n"}, {"m": MODELS})
    return trigger_words(book) - trigger_words(Rulebook(()))


def test_types_stand_for_members_with_common_names() -> None:
    assert words_for("[[match]]", 'call = "demo.read"') == {"NSBoard", "general", "richText"}


def test_functions_stand_for_themselves() -> None:
    assert words_for("[[match]]", 'call = "demo.call"') == {"call"}


def test_a_rule_may_say_which_files_it_is_about() -> None:
    assert words_for('files = ["Special*"]', "[[match]]", 'call = "demo.read"') == {"Special*"}
