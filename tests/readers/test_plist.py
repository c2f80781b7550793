"""Property lists of every format: values with their bytes, kinds, suppressions, and what is said of broken ones."""

import plistlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipclint.model.facts import PlistFacts, PlistValue, decode, encode
from ipclint.model.source import Span
from ipclint.readers.plist import MAX_NODES, read_plist
from ipclint.readers.plist_xml import MAX_DEPTH

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n'


def xml(body: str) -> bytes:
    return HEAD + body.encode() + b"\n</plist>\n"


def value(facts: PlistFacts, *keys: str) -> PlistValue:
    """The value under nested keys; the test fails where one is missing."""
    found = facts.root
    for key in keys:
        assert found is not None
        found = found.get(key)
    assert found is not None
    return found


def plain(node: PlistValue) -> object:
    """A value as Python's own."""
    if node.kind == "dict":
        return {entry.key: plain(entry.value) for entry in node.entries}
    if node.kind == "array":
        return [plain(item) for item in node.items]
    return node.scalar


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_value_has_its_bytes():
    data = xml(
        "<dict>\n  <key>Grüße &amp; so</key>\n  <string>é</string>\n  <key>n</key><array><true/><false></false>"
        "<integer>0x1F</integer><real>1.5</real><data>\nAQ ==\n</data><date>2020-01-01T00:00:00Z</date></array>\n"
        "</dict>"
    )
    facts = read_plist("a.plist", data)
    assert facts.problem == ""
    assert facts.root is not None
    assert plain(facts.root) == {"Grüße & so": "é", "n": [True, False, 31, 1.5, "AQ==", "2020-01-01T00:00:00Z"]}
    texts = [data[item.span.start : item.span.end] for item in value(facts, "n").items]
    assert texts == [
        b"<true/>", b"<false></false>", b"<integer>0x1F</integer>", b"<real>1.5</real>", b"<data>\nAQ ==\n</data>",
        b"<date>2020-01-01T00:00:00Z</date>",
    ]  # fmt: skip
    entry = facts.root.entries[0]
    assert data[slice(*entry.key_span)].decode() == "<key>Grüße &amp; so</key>"
    assert data[slice(*entry.value.span)].decode() == "<string>é</string>"
    assert data[slice(*facts.root.span)].startswith(b"<dict>")
    assert data[slice(*facts.root.span)].endswith(b"</dict>")


def test_keys_may_come_twice():
    facts = read_plist("a.plist", xml("<dict><key>a</key><true/><key>a</key><false/></dict>"))
    assert facts.root is not None
    assert [entry.value.scalar for entry in facts.root.entries] == [True, False]


def test_variables_of_the_build_system_stay_as_text():
    facts = read_plist("a.plist", xml("<dict><key>i</key><integer>$(N)</integer><key>b</key><${FLAG}/></dict>"))
    assert facts.problem == ""
    assert (value(facts, "i").scalar, value(facts, "b").scalar) == ("$(N)", "${FLAG}")


def test_what_apples_parser_takes_is_no_problem():
    body = (
        "<dict>\n#ifdef DEBUG\n<!-- a -- b -->\n<key>a\x03</key><string><![CDATA[<!-- & ]]></string>\n#endif\n</dict>"
    )
    facts = read_plist("a.plist", b"\n  " + xml(body))
    assert facts.problem == ""
    assert facts.root is not None
    assert facts.root.entries[0].value.scalar == "<!-- & "


@pytest.mark.parametrize(
    ("body", "words", "place"),
    [
        ("<dict><key>a</key><string>x & y</string></dict>", "write & as &amp;", b" y</string></dict>"),
        ("<dict><key>a</key></array>", "does not match the open <dict> of line 3", b"</array>"),
        ("<dict>\n<key>a</key>\n</dict>", "line 4: the key “a” has no value", b"<key>a</key>"),
        ("<dict><string>x</string></dict>", "no <key> before it", b"<string>x</string></dict>"),
        ("<array><key>x</key></array>", "stands in a <dict> only", b"<key>x</key></array>"),
        ("<array><bool>x</bool></array>", "no element of property lists", b"<bool>x</bool></array>"),
        ("<array><integer>many</integer></array>", "not a number", b"<integer>many</integer></array>"),
        ("<array>loose</array>", "“loose” stands loose in <array>", b"loose</array>"),
        ("<string>a</string><string>b</string>", "a second one", b"<string>b</string>"),
        ("<string>&euro;</string>", "not known", b"&euro;</string>"),
    ],
)
def test_problems_say_where_and_what(body: str, words: str, place: bytes):
    data = xml(body)
    facts = read_plist("a.plist", data)
    assert words in facts.problem
    assert facts.problem.startswith("line ")
    assert data[slice(*facts.problem_span)] == place


def test_a_broken_file_gives_what_was_read():
    facts = read_plist("a.plist", HEAD + b"<dict><key>a</key><array><string>x</string><dict><key>b</key><true/>")
    assert "the file ends inside <dict> of line 3" in facts.problem
    assert facts.root is not None
    assert plain(facts.root) == {"a": ["x", {"b": True}]}


def test_entities_are_never_expanded():
    declared = b'<!DOCTYPE plist [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>'
    facts = read_plist("a.plist", declared)
    assert "entities" in facts.problem
    assert facts.root is None
    external = b'<!DOCTYPE plist SYSTEM "file:///etc/passwd"><plist><string>ok</string></plist>'
    assert value(read_plist("a.plist", external)).scalar == "ok"


def test_nesting_is_bounded():
    facts = read_plist("a.plist", xml("<array>" * 5000 + "</array>" * 5000))
    assert str(MAX_DEPTH) in facts.problem
    assert decode(encode(facts)) == facts


# ── other formats ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_old_style_lists():
    data = '// !$*UTF8*$!\n{ /* x */ a = ("q\\"\\U00e9\\101", b.c, <0a 0B>); "é" = \'x\'; last = y }'.encode()
    facts = read_plist("a.strings.plist", data)
    assert facts.problem == ""
    assert facts.root is not None
    assert plain(facts.root) == {"a": ['q"éA', "b.c", "0a0B"], "é": "x", "last": "y"}
    assert [data[slice(*item.span)] for item in value(facts, "a").items] == [b'"q\\"\\U00e9\\101"', b"b.c", b"<0a 0B>"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{ a = 1 b = 2; }", "“;” is missing before this"),
        ("{ a 1; }", "“=” is missing before this"),
        ("{\n a = (1, 2;\n}", "line 2: “;” may not stand here, “,” is missing"),
        ("{\n a = (1,", "the file ends inside the list opened in line 2"),
        ("{ a = 1; } 2", "a second one"),
        ("{ (a) = 1; }", "a key here"),
        ('{ a = "x', "no text of a property list"),
        ("", "empty"),
    ],
)
def test_problems_of_old_style_lists(text: str, words: str):
    assert words in read_plist("a.plist", text.encode()).problem


def test_binary_lists_have_no_spans():
    content = {"CFBundleName": "x", "a": [1, 2.5, True, b"\1", plistlib.UID(3), {"k": 2**63}]}
    facts = read_plist("a.plist", plistlib.dumps(content, fmt=plistlib.FMT_BINARY))
    assert (facts.binary, facts.kind, facts.problem) == (True, "info", "")
    assert facts.root is not None
    assert plain(facts.root) == {"CFBundleName": "x", "a": [1, 2.5, True, "AQ==", 3, {"k": 2**63}]}
    assert facts.root.span == Span(0, 0)


def test_a_binary_list_that_unfolds_is_bounded():
    level: list[object] = ["x"] * 10
    for _ in range(12):
        level = [level] * 10
    data = plistlib.dumps(level, fmt=plistlib.FMT_BINARY)
    assert len(data) < MAX_NODES
    assert str(MAX_NODES) in read_plist("a.plist", data).problem


# ── kinds and suppressions ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "keys", "kind"),
    [
        ("App.entitlements", [], "entitlements"),
        ("x.plist", ["com.apple.security.app-sandbox"], "entitlements"),
        ("x.plist", ["application-identifier"], "entitlements"),
        ("com.example.plist", ["Label", "MachServices"], "launchd"),
        ("com.example.plist", ["Label"], "other"),
        ("App-Info.plist", ["UIDeviceFamily"], "info"),
        ("x.plist", ["CFBundleIdentifier"], "info"),
        ("Root.plist", ["PreferenceSpecifiers"], "other"),
    ],
)
def test_kinds(path: str, keys: list[str], kind: str):
    body = "".join(f"<key>{key}</key><string>x</string>" for key in keys)
    assert read_plist(f"folder/{path}", xml(f"<dict>{body}</dict>")).kind == kind


def test_what_git_keeps_elsewhere_is_no_property_list():
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    facts = read_plist("App/Info.plist", pointer)
    assert (facts.kind, facts.root, facts.problem) == ("other", None, "")


def test_comments_suppress():
    data = xml(
        "<!-- ipclint:ignore-file plist/ats-weakened -- intranet only -->\n<dict>\n"
        "  <!-- ipclint:ignore ENT101, entitlement/injectable-process.b -- plug-ins -->\n"
        "  <key>a</key><true/> <!-- ipclint:ignore XPC101 --> <!-- nothing -->\n</dict>"
    )
    whole, alone, trailing = read_plist("a.plist", data).suppressions
    assert (whole.scope, whole.ids, whole.reason) == ("file", ("plist/ats-weakened",), "intranet only")
    assert alone.ids == ("ENT101", "entitlement/injectable-process.b")
    assert (alone.reason, alone.alone, alone.scope) == ("plug-ins", True, "line")
    assert (trailing.ids, trailing.reason, trailing.alone) == (("XPC101",), "", False)
    assert data[slice(*trailing.span)] == b"<!-- ipclint:ignore XPC101 -->"


# ── invariants ───────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = st.sampled_from(
    [b"<dict>", b"</dict>", b"<key>", b"</key>", b"<array>", b"</array>", b"<string>", b"</string>", b"<true/>",
     b"&amp;", b"&x;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<plist>", b"</plist>", b"{", b"}", b"(", b")", b"=",
     b'"', b";", b",",
     b"a", b"\xff", b"<${A}/>", b"<integer>", b"</integer>", b"\n", b"bplist00", b"/*", b"*/", b"\\"]
)  # fmt: skip


@given(st.binary(max_size=80) | st.lists(PIECES, max_size=40).map(b"".join), st.booleans())
@example(b"bplist00" + b"\xff" * 40, False)
def test_reading_never_fails_and_spans_lie_inside(data: bytes, with_head: bool):
    data = HEAD + data if with_head else data
    facts = read_plist("a.plist", data)
    assert decode(encode(facts)) == facts
    stack = [facts.root] if facts.root is not None else []
    while stack:
        node = stack.pop()
        assert 0 <= node.span.start <= node.span.end <= len(data)
        stack += [*node.items, *(entry.value for entry in node.entries)]


PROPERTIES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text("aé<&\"' \n]>-", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab&é", max_size=4), inner, max_size=4),
    max_leaves=15,
)


@given(PROPERTIES, st.sampled_from([plistlib.FMT_XML, plistlib.FMT_BINARY]))
def test_what_a_writer_wrote_is_read(content: Any, form: plistlib.PlistFormat):
    facts = read_plist("a.plist", plistlib.dumps(content, fmt=form))
    assert facts.problem == ""
    assert facts.root is not None
    assert plain(facts.root) == content
