"""The requirement language: what is accepted, what an error says, and who can satisfy what."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclint.checks.requirement import HOLE, Grade, RequirementError, judge, parse, parse_set, show, with_holes
from ipclint.checks.requirement.tree import (
    And,
    AppleAnchor,
    CertificateHash,
    CodeHash,
    Constant,
    Field,
    Identifier,
    Match,
    NamedAnchor,
    NamedCode,
    Node,
    Not,
    Or,
    Platform,
    Policy,
    Trusted,
    Unknown,
)

TEAM = 'certificate leaf[subject.OU] = "ABCDE12345"'
DEVELOPER_ID = (
    "certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13]"
)
STORE = "certificate leaf[field.1.2.840.113635.100.6.1.9] /* exists */"
DIGEST = "0123456789abcdef0123456789abcdef01234567"


# ── syntax ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_and_binds_tighter_than_or():
    assert parse('anchor apple or identifier "a" and never') == Or(
        (AppleAnchor(generic=False), And((Identifier("a"), Constant(False))))
    )


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("anchor generic apple", AppleAnchor(generic=True)),
        ("anchor apple com.example.policy", NamedAnchor("com.example.policy")),
        ('("com.example.policy")', NamedCode("com.example.policy")),
        ("anchor trusted", Trusted(None)),
        ("certificate leaf trusted", Trusted(0)),
        ("cert -2 trusted", Trusted(-2)),
        (f'anchor = H"{DIGEST.upper()}"', CertificateHash(-1, DIGEST)),
        ("certificate root = /Library/Keychains/own", CertificateHash(-1, "/Library/Keychains/own", is_path=True)),
        ("identifier == com.example.tool", Identifier("com.example.tool")),
        ('identifier "a\\"b\\\\c"', Identifier('a"b\\c')),
        (f'cdhash H"{DIGEST}"', CodeHash(DIGEST)),
        ("platform = 6", Platform(6)),
        ("notarized", Policy("notarized")),
        ("certificate leaf[subject.OU]", Field("certificate", "subject.OU", Match("exists"), 0)),
        ('info["a key"] >= "1.2"', Field("info", "a key", Match(">=", "1.2"))),
        ("entitlement[a.b] absent", Field("entitlement", "a.b", Match("absent"))),
        ('info[a] = "x" *', Field("info", "a", Match("begins", "x"))),
        ('info[a] = *"x"', Field("info", "a", Match("ends", "x"))),
        ('info[a] ~ "x"', Field("info", "a", Match("contains", "x"))),
        ("info[a] = 0xC0FFEE", Field("info", "a", Match("=", "c0ffee", "hex"))),
        (
            'certificate leaf[timestamp.1.2.840] < timestamp "20190408000000Z"',
            Field("certificate", "timestamp.1.2.840", Match("<", "20190408000000Z", "timestamp"), 0),
        ),
        ("# a shell comment\nalways // to the end\n;;", Constant(True)),
        ("! ! never", Not(Not(Constant(False)))),
    ],
)
def test_every_form_of_the_grammar(text: str, tree: Node):
    assert parse(text) == tree


def test_sets_have_tags():
    assert parse_set('designated => anchor apple; host => identifier "x"') == (
        ("designated", AppleAnchor(generic=False)),
        ("host", Identifier("x")),
    )


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "empty"),
        ("anchor apple and", 16, "must follow where the text ends"),
        ('identifier "com.example', 11, "never closed"),
        ("identifier “com.example”", 11, "straight"),
        ("(anchor apple", 13, "parenthesis is not closed"),
        ("anchor apple)", 12, "cannot follow"),
        ('identifier "a" identifier "b"', 15, "join clauses"),
        ("not anchor apple", 0, "written `!`"),
        ("certificate leaf[subject.OU] =", 30, "the value is missing"),
        ("certificate [subject.OU] = A", 12, "which certificate"),
        ("certificate leaf[organisation] = A", 17, "no field"),
        ('cdhash H"12"', 7, "40 hexadecimal digits"),
        ("anchor apple /* and so on", 13, "comment is never closed"),
        ("designated => anchor apple", 0, "without a tag"),
        ("( " * 200, 200, "nest deeper"),
        ('identifier "a\\n"', 13, "backslash"),
    ],
)
def test_errors_say_where_and_what(text: str, position: int, words: str):
    with pytest.raises(RequirementError, match=re.escape(words)) as raised:
        parse(text)
    assert raised.value.position == position


@pytest.mark.parametrize(
    ("text", "unquoted"),
    [
        ("identifier com.example.my-tool", "com.example.my-tool"),
        ("certificate leaf[subject.OU] = 8ABCDE1234", "8ABCDE1234"),
        ("certificate leaf[subject.OU] = TEAM_ID", "TEAM_ID"),
        ("info[CFBundleVersion] >= 100 and anchor apple", "100"),
        ("info[CFBundleVersion] >= 1.0", "1.0"),
        ("identifier apple", "apple"),
    ],
)
def test_values_that_need_quotes_are_marked_whole(text: str, unquoted: str):
    with pytest.raises(RequirementError, match="double quotes") as raised:
        parse(text)
    assert raised.value.quote is not None
    start, end = raised.value.quote
    assert text[start:end] == unquoted
    parse(f'{text[:start]}"{unquoted}"{text[end:]}')


def test_an_error_next_to_unknown_text_is_not_certain():
    with pytest.raises(RequirementError) as raised:
        parse(f"anchor apple {HOLE} {HOLE} (")
    assert not raised.value.certain


WORDS = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}(\.[A-Za-z0-9]{1,4}){0,2}", fullmatch=True)
TEXTS = st.text(max_size=12) | WORDS
BARE = st.sampled_from([HOLE, f"com.{HOLE}", f"{HOLE}.helper"])
DIGESTS = st.text("0123456789abcdef", min_size=40, max_size=40)
SLOTS = st.integers(-3, 3)
MATCHES = st.one_of(
    st.builds(Match, st.sampled_from(["exists", "absent"])),
    st.builds(Match, st.sampled_from(["=", "begins", "ends", "contains", "<", ">", "<=", ">="]), TEXTS),
    st.builds(Match, st.sampled_from(["=", "<"]), TEXTS, st.just("timestamp")),
    st.builds(Match, st.just("="), st.sampled_from(["00", "c0ffee"]), st.just("hex")),
    st.builds(Match, st.sampled_from(["=", "begins"]), BARE, bare=st.just(True)),
)
ATOMS = st.one_of(
    st.builds(Constant, st.booleans()),
    st.builds(Identifier, TEXTS),
    st.builds(Identifier, BARE, bare=st.just(True)),
    st.builds(CodeHash, DIGESTS),
    st.builds(Platform, st.integers(0, 99)),
    st.builds(Policy, st.sampled_from(["notarized", "legacy"])),
    st.builds(AppleAnchor, st.booleans()),
    st.builds(NamedAnchor, TEXTS.filter(lambda text: HOLE not in text)),
    st.builds(NamedCode, TEXTS.filter(lambda text: HOLE not in text)),
    st.builds(Trusted, st.none() | SLOTS),
    st.builds(CertificateHash, SLOTS, DIGESTS),
    st.builds(CertificateHash, SLOTS, TEXTS, is_path=st.just(True)),
    st.builds(Field, st.just("certificate"), st.sampled_from(["subject.OU", "field.1.2.3"]), MATCHES, SLOTS),
    st.builds(Field, st.sampled_from(["info", "entitlement"]), TEXTS, MATCHES),
    st.builds(Unknown),
)
NODES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=4).map(tuple)),
    ),
    max_leaves=12,
)


@given(NODES)
def test_parsing_what_was_shown_gives_the_same_tree(node: Node):
    assert parse(show(node)) == node


@given(NODES)
def test_every_tree_has_a_verdict_whose_answer_is_its_weakest_branch(node: Node):
    verdict = judge(node)
    if verdict.weakest is not None:
        assert verdict.grade == min(branch.grade for branch in verdict.branches)
        assert verdict.answer == verdict.weakest.answer


FRAGMENTS = st.sampled_from(
    [*'()[]=<>!*;"\\/#-', "anchor", "apple", "generic", "certificate", "leaf", "subject.OU", "identifier", "and", "or",
     "H\"", "0x1", "/*", "*/", "//", "info", "=>", "exists", HOLE, "1", "com.a-b", "\n", " ", "timestamp", "trusted"]
)  # fmt: skip


@given(
    st.text(max_size=60)
    | st.lists(FRAGMENTS, max_size=25).map(" ".join)
    | st.lists(FRAGMENTS, max_size=25).map("".join)
)
def test_any_text_parses_or_raises_a_requirement_error_inside_the_text(text: str):
    for reader in (parse, parse_set):
        try:
            reader(text)
        except RequirementError as error:
            assert 0 <= error.position <= len(text)
            assert error.quote is None or 0 <= error.quote[0] < error.quote[1] <= len(text)


def test_the_number_of_alternatives_is_bounded():
    doubling = " and ".join(f'(identifier "a{n}" or identifier "b{n}")' for n in range(60))
    assert judge(parse(doubling)).grade is Grade.UNKNOWN
    assert not judge(parse(doubling)).certain


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("always", Grade.ANYONE),
        ('identifier "com.example.app"', Grade.ANYONE),
        (TEAM, Grade.ANYONE),
        (f'identifier "com.example.app" and {TEAM}', Grade.ANYONE),
        (f"anchor trusted and {TEAM}", Grade.TRUSTED),
        ("anchor apple generic", Grade.ACCOUNT),
        ('anchor apple generic and identifier "com.example.app"', Grade.ACCOUNT),
        ('anchor apple generic and info[CFBundleVersion] >= "3"', Grade.ACCOUNT),
        ('anchor apple generic and entitlement["com.example.x"] exists', Grade.ACCOUNT),
        ('anchor apple generic and certificate leaf[subject.CN] = "Apple Development" *', Grade.ACCOUNT),
        (f"anchor apple generic and {DEVELOPER_ID}", Grade.PAID),
        ("notarized", Grade.PAID),
        (f"anchor apple generic and {STORE}", Grade.STORE),
        ("anchor apple", Grade.APPLE),
        (f"anchor apple generic and {TEAM}", Grade.SIGNER),
        (f'anchor apple generic and identifier "com.example.*" and {TEAM}', Grade.SIGNER),
        ('anchor apple generic and certificate leaf[subject.CN] = *"(ABCDE12345)"', Grade.SIGNER),
        (f'certificate leaf = H"{DIGEST}"', Grade.SIGNER),
        (f'anchor apple generic and identifier "com.example.app" and {TEAM}', Grade.PROGRAM),
        (f'anchor apple generic and identifier "com.example.app" and {STORE}', Grade.PROGRAM),
        ('anchor apple and identifier "com.apple.mail"', Grade.PROGRAM),
        (
            'anchor apple generic and entitlement["com.apple.application-identifier"] = "ABCDE12345.com.example.app"',
            Grade.PROGRAM,
        ),
        (
            f'anchor apple generic and identifier "a.b" and {TEAM} and info[CFBundleShortVersionString] >= "2.0"',
            Grade.CURRENT,
        ),
        (f'cdhash H"{DIGEST}"', Grade.BUILD),
        ("never", Grade.NOBODY),
        ('identifier "a" and identifier "b"', Grade.NOBODY),
        ("anchor apple and ! anchor apple generic", Grade.NOBODY),
    ],
)
def test_who_passes(text: str, grade: Grade):
    assert judge(parse(text)).grade is grade


def test_the_weakest_alternative_decides():
    strong = f'anchor apple generic and identifier "com.example.app" and {TEAM}'
    verdict = judge(parse(f'({strong}) or identifier "com.example.old"'))
    assert verdict.grade is Grade.ANYONE
    assert verdict.identifier == "com.example.old"
    assert verdict.identifiers == ("com.example.app", "com.example.old")


def test_the_requirement_that_xcode_writes_binds_one_program():
    verdict = judge(
        parse(f'anchor apple generic and identifier "com.example.app" and ({STORE} or {DEVELOPER_ID} and {TEAM})')
    )
    assert verdict.grade is Grade.PROGRAM
    assert verdict.binds_signer
    assert verdict.teams == ("ABCDE12345",)
    assert verdict.answer == "only com.example.app of team ABCDE12345, old versions included"


def test_apples_own_root_by_its_hash_is_apple_generic():
    root = 'certificate root = H"611e5b662c593a08ff58d14ae22452d198df6c60"'
    assert judge(parse(root)).anchor == "apple generic"
    assert judge(parse(f'certificate root = H"{DIGEST}"')).anchor == "hash"


def test_the_team_is_read_from_a_distribution_name_but_not_from_a_development_one():
    name = 'anchor apple generic and certificate leaf[subject.CN] = "{}: Ex Ample (ABCDE12345)"'
    assert judge(parse(name.format("Developer ID Application"))).team == "ABCDE12345"
    development = judge(parse(name.format("Apple Development")))
    assert development.team is None
    assert development.binds_signer


def test_a_negated_anchor_beside_a_real_one_changes_nothing():
    plain = judge(parse(f"anchor apple generic and {TEAM}"))
    negated = judge(parse(f"anchor apple generic and ! anchor apple and {TEAM}"))
    assert (negated.grade, negated.certain) == (plain.grade, True)
    assert not judge(parse('! anchor apple and identifier "a"')).certain


@pytest.mark.parametrize(
    ("text", "grade", "supposed"),
    [
        (
            f'anchor apple generic and identifier "{HOLE}" and certificate leaf[subject.OU] = "{HOLE}"',
            Grade.PROGRAM,
            None,
        ),
        (f"anchor apple generic and certificate leaf[subject.OU] = {HOLE}", Grade.UNKNOWN, Grade.SIGNER),
        (f"identifier {HOLE}", Grade.UNKNOWN, Grade.ANYONE),
        (f"anchor apple generic and {HOLE}", Grade.UNKNOWN, None),
        (f'identifier "a" or {HOLE}', Grade.ANYONE, None),
        (f"anchor apple and {TEAM} or {HOLE}", Grade.UNKNOWN, None),
    ],
)
def test_holes_inside_quotes_are_values_and_outside_make_the_verdict_unknown(
    text: str, grade: Grade, supposed: Grade | None
):
    verdict = judge(parse(text))
    assert (verdict.grade, verdict.supposed) == (grade, supposed)


def test_variables_of_build_systems_become_holes():
    assert with_holes('identifier "$(ID).x" and certificate leaf[subject.OU] = @TEAM_ID@ or "${A}"') == (
        f'identifier "{HOLE}.x" and certificate leaf[subject.OU] = {HOLE} or "{HOLE}"'
    )
