"""The surface map as data: pairs, arrows, the picture, what changed, and pages that hostile names cannot break."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from ipclint.engine.setup import open_session, prepare
from ipclint.engine.surface import Surface, compare, of, to_html, to_json, to_mermaid
from ipclint.engine.surface.layout import lay_out
from ipclint.engine.surface.words import anchor, escape, shortened
from tests.engine.conftest import write

TOUR = Path(__file__).parents[2] / "docs" / "tour"

LISTEN = """
final class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool { BODY; return true }
}
func serve() {
    let delegate = Delegate()
    let listener = NSXPCListener(machServiceName: "a.b")
    listener.delegate = delegate
}
"""
CONNECT = 'func call() { let c = NSXPCConnection(machServiceName: "a.b", options: []); c.resume() }\n'


def map_of(root: Path) -> Surface:
    session = open_session(root, cache=False)
    session.load()
    return of(session)


@pytest.fixture(scope="module")
def tour() -> Surface:
    return map_of(TOUR / "as-found")


def test_places_are_one_based_and_count_characters(tmp_path: Path) -> None:
    found = map_of(write(tmp_path, {"a.swift": f"/* é */ {CONNECT}"}))
    (client,) = found.endpoints
    assert (client.spot.start.line, client.spot.start.column) == (1, 31)
    assert client.spot.start.offset == 31


def test_the_same_files_give_the_same_bytes(tour: Surface) -> None:
    assert to_json(map_of(TOUR / "as-found")) == to_json(tour)


STATUS = {
    "StatusProtocol.h": "@protocol StatusProtocol\n- (void)probeWithReply:(void (^)(NSData *))reply;\n@end\n",
    "Status.h": "DIRECT_MEMBERS @interface Status : NSObject <StatusProtocol>\n@end\n",
    "Status.m": """
@interface Status () <NSXPCListenerDelegate>
@end
@implementation Status
- (void)start {
    NSXPCListener *listener = [[NSXPCListener alloc] initWithMachServiceName:@"a.b"];
    listener.delegate = self;
}
- (BOOL)listener:(NSXPCListener *)listener shouldAcceptNewConnection:(NSXPCConnection *)c {
    c.exportedInterface = [NSXPCInterface interfaceWithProtocol:@protocol(StatusProtocol)];
    return YES;
}
- (void)probeWithReply:(void (^)(NSData *))reply { reply(nil); }
@end
""",
}


@pytest.mark.parametrize("files", [{}, STATUS], ids=["tour", "header"])
def test_the_map_is_the_same_whether_or_not_rules_are_asked(tmp_path: Path, files: dict[str, str]) -> None:
    setup = prepare(write(tmp_path, files) if files else TOUR / "as-found")
    maps: list[str] = []
    for checks in (False, True):
        session = setup.session(checks=checks)
        session.load()
        maps.append(to_json(of(session)))
    assert maps[0] == maps[1]
    if files:
        assert '"body": null' not in maps[0]


def test_files_are_read_until_no_further_one_is_asked_for(tmp_path: Path) -> None:
    files = {
        "Service.swift": """
@objc protocol Jobs { func run(_ text: String) }
final class Service: NSObject, NSXPCListenerDelegate, Jobs {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        c.exportedInterface = NSXPCInterface(with: Jobs.self)
        return true
    }
    func run(_ text: String) { First().step(text) }
}
let delegate = Service()
let listener = NSXPCListener(machServiceName: "a.b")
listener.delegate = delegate
""",
        "First.swift": "struct First { func step(_ text: String) { Second().hop(text) } }\n",
        "Second.swift": "struct Second { func hop(_ text: String) { Third().jump(text) } }\n",
        "Third.swift": "struct Third { func jump(_ text: String) { let p = Process(); p.arguments = [text]; p.launch() } }\n",
    }
    session = prepare(write(tmp_path, files)).session(checks=False)
    session.load()
    reached = [each for endpoint in of(session).endpoints for method in endpoint.methods for each in method.reaches]
    assert [(each.family, each.spot.path) for each in reached] == [("command", "Third.swift")]


def test_what_adopts_a_protocol_is_read_when_something_is_called_through_it(tmp_path: Path) -> None:
    files = {
        "Service.swift": """
@objc protocol Jobs { func run(_ text: String) }
protocol Runner { func dispatch(_ text: String) }
final class Service: NSObject, NSXPCListenerDelegate, Jobs {
    let runner: Runner
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        c.exportedInterface = NSXPCInterface(with: Jobs.self)
        return true
    }
    func run(_ text: String) { runner.dispatch(text) }
}
func serve(_ delegate: Service) {
    let listener = NSXPCListener(machServiceName: "a.b")
    listener.delegate = delegate
}
""",
        "Remote.swift": "struct Remote: Runner {\n    func dispatch(_ text: String) { Tool().start(text) }\n}\n",
        "Tool.swift": "struct Tool { func start(_ text: String) { let p = Process(); p.arguments = [text]; p.launch() } }\n",
    }
    session = prepare(write(tmp_path, files)).session(checks=False)
    session.load()
    reached = [each for endpoint in of(session).endpoints for method in endpoint.methods for each in method.reaches]
    assert [(each.family, each.spot.path) for each in reached] == [("command", "Tool.swift")]


def test_the_json_is_the_shape(tour: Surface) -> None:
    assert msgspec.json.decode(to_json(tour), type=Surface) == tour


def test_arrows_end_at_what_the_map_has(tour: Surface) -> None:
    ends = {each.id for each in (*tour.targets, *tour.outside)}
    ids = {each.id for each in tour.endpoints} | {""}
    assert tour.channels
    for arrow in tour.channels:
        assert {arrow.source, arrow.target} <= ends
        assert {arrow.from_endpoint, arrow.to_endpoint} <= ids
        assert arrow.from_endpoint or arrow.to_endpoint


# ── the picture ──────────────────────────────────────────────────────────────────────────────────────────────────────


def many(count: int) -> dict[str, str]:
    """As many services, each called by the next one, which makes a circle."""
    return {
        f"S{n}/{name}": text
        for n in range(count)
        for name, text in (
            ("Info.plist", f'<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleName</key><string>S{n}</string></dict></plist>'),
            ("main.swift", LISTEN.replace("a.b", f"s.{n}") + CONNECT.replace("a.b", f"s.{(n + 1) % count}")),
        )
    }  # fmt: skip


def test_boxes_do_not_touch_and_arrows_end_at_them(tmp_path: Path, tour: Surface) -> None:
    for surface in (tour, map_of(write(tmp_path, many(24)))):
        diagram = lay_out(surface)
        for one, other in combinations(diagram.boxes, 2):
            apart = (
                one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or one.y + one.height <= other.y
                or other.y + other.height <= one.y
            )
            assert apart, (one.title, other.title)
        boxes = {box.id: box for box in diagram.boxes}
        assert diagram.lines
        for line in diagram.lines:
            for end, (x, y) in ((boxes[line.source], line.points[0]), (boxes[line.target], line.points[-1])):
                assert x in (end.x, end.x + end.width) and end.y <= y <= end.y + end.height
        for box in boxes.values():
            assert box.x >= 0 and box.x + box.width <= diagram.width
            assert box.y >= 0 and box.y + box.height <= diagram.height


def test_targets_that_do_the_same_are_one_box(tmp_path: Path) -> None:
    files = {
        f"{name}/{file}": text
        for name in ("BlockerOne", "BlockerTwo")
        for file, text in (
            ("Info.plist", '<?xml version="1.0"?><plist version="1.0"><dict><key>NSExtension</key><dict><key>NSExtensionPointIdentifier</key><string>a.point</string></dict></dict></plist>'),
            ("a.swift", 'func f() { DistributedNotificationCenter.default().post(name: .init("a.note"), object: nil) }\n'),
        )
    }  # fmt: skip
    diagram = lay_out(map_of(write(tmp_path, files)))
    assert [box.title for box in diagram.boxes if box.kind == "target"] == ["Blocker… (2 alike)"]


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, and its text outside of styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("style", "script") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside] = self.raw.get(self._inside, "") + data
        else:
            self.texts.append(data)


def page_of(root: Path, surface: Surface) -> Page:
    return Page(to_html(surface, lambda path: (root / path).read_bytes()))


def test_the_page_loads_nothing_and_allows_only_its_own_style_and_script(tour: Surface) -> None:
    page = page_of(TOUR / "as-found", tour)
    (policy,) = [
        a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None and policy.startswith("default-src 'none'; ")
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.raw[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "base", "form")
        assert not any(name.startswith("on") or name in ("style", "src") for name in attributes), (tag, attributes)
    assert "unsafe" not in policy


def test_every_link_inside_the_page_leads_somewhere(tour: Surface) -> None:
    page = page_of(TOUR / "as-found", tour)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    fragments = {href[1:] for tag, a in page.tags if tag == "a" and (href := a.get("href") or "").startswith("#")}
    assert fragments and fragments <= set(ids)


def test_the_page_says_what_was_found_and_shows_the_source(tour: Surface) -> None:
    text = "".join(page_of(TOUR / "as-found", tour).texts)
    assert "nothing: every connection is accepted" in text
    assert 'identifier "com.example.courier"' in text
    assert 'let listener = NSXPCListener(machServiceName: "com.example.courier.helper")' in text


HOSTILE = '<img src=x onerror=alert(1)>"&\\u{202e}\\u{7}</script>'


def test_hostile_names_stay_text(tmp_path: Path, tour: Surface) -> None:
    folder = "<svg onload=alert(2)>"
    files = {
        f"{folder}/Info.plist": '<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleName</key><string>x</string></dict></plist>',
        f"{folder}/a.swift": f'func f() {{ let c = NSXPCConnection(machServiceName: "{HOSTILE.replace(chr(34), chr(92) + chr(34))}", options: []) }}\n',
        "javascript:alert(3)/b.swift": CONNECT,
    }
    root = write(tmp_path, files)
    surface = map_of(root)
    page = page_of(root, surface)
    written = {tag for tag, _ in page_of(TOUR / "as-found", tour).tags}
    assert {tag for tag, _ in page.tags} <= written
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    links = {a["href"] for tag, a in page.tags if tag == "a" and a.get("href")}
    assert all(re.match(r"#|\./", link or "") for link in links)
    text = "".join(page.texts)
    assert "<img src=x onerror=alert(1)>" in text
    assert "\u202e" not in text and "\\u{202e}" in text
    drawing = to_mermaid(surface)
    assert "<img" not in drawing and "\u202e" not in drawing
    assert not any(line.count('"') % 2 for line in drawing.splitlines())


def test_a_link_leads_where_the_user_says(tour: Surface) -> None:
    page = Page(to_html(tour, lambda path: b"", link="https://example.com/{path}#L{line}"))
    assert "https://example.com/Helper/main.swift#L4" in {a.get("href") for tag, a in page.tags if tag == "a"}


def test_words_for_pages() -> None:
    assert escape("<a href='x'>\"&\x1b\u200b") == "&lt;a href=&#x27;x&#x27;&gt;&quot;&amp;\\u{1b}\\u{200b}"
    assert shortened("com.example.service", 9) == "com.…vice"
    assert anchor("outside:a b") == "outside_3a_a_20_b"
    assert anchor("a_3a_") != anchor("a:")


# ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_change_adds_removes_and_alters(tmp_path: Path) -> None:
    strict = 'c.setCodeSigningRequirement("anchor apple generic and certificate leaf[subject.OU] = \\"ABCDE12345\\"")'
    before = map_of(write(tmp_path / "before", {"a.swift": LISTEN.replace("BODY", strict), "b.swift": CONNECT}))
    after = map_of(
        write(
            tmp_path / "after",
            {"moved/a.swift": "\n\n" + LISTEN.replace("BODY", "c.resume()"), "c.swift": CONNECT.replace("a.b", "c.d")},
        )
    )
    found = compare(before, after, "main", "0" * 40)
    assert [(each.kind, each.name) for each in found.added] == [("XPC client", "c.d")]
    assert [(each.kind, each.name) for each in found.removed] == [("XPC client", "a.b")]
    (changed,) = found.changed
    assert [(part.what, part.after.partition(" (")[0]) for part in changed.parts if part.what == "authentication"] == [
        ("authentication", "not authenticated")
    ]
    assert changed.after.spot.path == "moved/a.swift"


def test_the_same_surface_has_no_difference(tour: Surface) -> None:
    found = compare(tour, tour, "HEAD", "0" * 40)
    assert (found.added, found.removed, found.changed) == ((), (), ())
