"""The diagram as SVG: boxes with a link in every row, arrows drawn by what authenticates who begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ipclint.engine.surface.layout import CHARACTER, HEADER, KIND_CHARACTER, ROW, Box, Diagram, Line, Row
from ipclint.engine.surface.shape import Surface
from ipclint.engine.surface.words import STATE_WORDS, anchor, escape, shortened


def svg(surface: Surface, diagram: Diagram, marks: Mapping[str, str]) -> Iterator[str]:
    """The picture, a line at a time. Its boxes link to `#TARGET`, its rows to `#ENDPOINT`; `marks` has a sign for the
    row of an endpoint, by its id."""
    width, height = round(diagram.width), round(diagram.height)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="group" aria-labelledby="map-title">'
    privileged = {target.id for target in surface.targets if target.privileged}
    names = {box.id: box.title for box in diagram.boxes}
    for line in diagram.lines:
        yield _arrow(line, names)
    for box in diagram.boxes:
        yield from _box(box, box.id in privileged, marks)
    yield "</svg>"


def _box(box: Box, privileged: bool, marks: Mapping[str, str]) -> Iterator[str]:
    classes = f"{box.kind} privileged" if privileged else box.kind
    yield f'<g class="{classes}" data-box="{anchor(box.id)}" transform="translate({box.x:.1f} {box.y:.1f})">'
    radius = 6 if box.kind == "target" else 17
    yield f'<rect class="frame" width="{box.width:.0f}" height="{box.height:.0f}" rx="{radius}"/>'
    if box.kind != "target":
        title = escape(shortened(box.title, int((box.width - 20) / CHARACTER)))
        yield f"<title>{escape(', '.join(box.names))}</title>"
        yield f'<text x="{box.width / 2:.0f}" y="21" text-anchor="middle">{title}</text></g>'
        return
    yield f'<a href="#{anchor(box.id)}"><title>{escape(", ".join(box.names))}</title>'
    yield f'<rect class="hit" width="{box.width:.0f}" height="{HEADER - 4}" rx="6"/>'
    yield f'<text class="title" x="12" y="19">{escape(shortened(box.title, int((box.width - 20) / CHARACTER)))}</text>'
    yield f'<text class="note" x="12" y="35">{escape(box.note)}</text></a>'
    for number, row in enumerate(box.rows):
        mark = next((marks[entry] for entry in row.entries if entry in marks), "")
        yield from _row(row, HEADER + ROW * number, box.width, mark)
    yield "</g>"


def _row(row: Row, y: float, width: float, mark: str) -> Iterator[str]:
    way = {"in": "waits", "out": "goes out", "both": "shares"}[row.direction]
    said = f"{row.kind} {row.text}: {STATE_WORDS[row.state]}, {way}"
    room = width - 38
    name = shortened(row.text, max(8, int((room - len(row.kind) * KIND_CHARACTER) / CHARACTER)))
    right = row.direction == "out"
    yield f'<a href="#{anchor(row.entries[0])}"><title>{escape(said)}</title>'
    yield f'<rect class="hit" x="3" y="{y:.0f}" width="{width - 6:.0f}" height="{ROW}" rx="3"/>'
    yield f'<circle class="dot {row.state}" cx="{width - 14 if right else 14:.0f}" cy="{y + ROW / 2:.0f}" r="4"/>'
    place = f'x="{room:.0f}" text-anchor="end"' if right else 'x="0"'
    sign = f'<tspan class="sign">{mark}</tspan> ' if mark else ""
    text = f'<text {place} y="15">{sign}<tspan class="kind">{escape(row.kind)}</tspan> {escape(name)}</text>'
    # a picture in the picture cuts off what a wide font would draw over the frame
    yield f'<svg x="{14 if right else 24}" y="{y:.0f}" width="{room:.0f}" height="{ROW}">{text}</svg></a>'


def _arrow(line: Line, names: dict[str, str]) -> str:
    count = len({(each.from_endpoint, each.to_endpoint) for each in line.channels})
    ends = " ".join(anchor(end) for end in (line.source, line.target))
    said = f"{names[line.source]} → {names[line.target]}: {STATE_WORDS[line.state]}" + (
        f" ({count} channels)" if count > 1 else ""
    )
    return (
        f'<g class="{line.state}" data-ends="{ends}"><title>{escape(said)}</title>'
        f'<path class="arrow" d="{_path(line)}"/>{_tips(line)}</g>'
    )


def _path(line: Line) -> str:
    """Curves between columns, straight through the gaps of a column."""
    (x, y), *rest = line.points
    parts = [f"M{x:.1f} {y:.1f}"]
    if len(line.points) == 2 and _same_column(line):
        (x2, y2) = rest[0]
        out = max(x, x2) + 60
        return f"M{x:.1f} {y:.1f} C{out:.1f} {y:.1f} {out:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    for number, (x2, y2) in enumerate(rest):
        if number % 2 == 0:
            bend = (x2 - x) / 2
            parts.append(f"C{x + bend:.1f} {y:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}")
        else:
            parts.append(f"L{x2:.1f} {y2:.1f}")
        x, y = x2, y2
    return " ".join(parts)


def _same_column(line: Line) -> bool:
    return abs(line.points[0][0] - line.points[-1][0]) < 1


def _tips(line: Line) -> str:
    """A triangle where it arrives, and one where it begins if data goes both ways."""
    (x1, _), (x2, _) = line.points[0], line.points[-1]
    ahead = -1 if _same_column(line) or x2 < x1 else 1
    tips = _tip(line.points[-1], ahead)
    if line.both:
        tips += _tip(line.points[0], 1 if _same_column(line) is False and x2 < x1 else -1)
    return tips


def _tip(point: tuple[float, float], ahead: int) -> str:
    x, y = point
    back = x - 9 * ahead
    return f'<path class="tip" d="M{x:.1f} {y:.1f} L{back:.1f} {y - 4.5:.1f} L{back:.1f} {y + 4.5:.1f} Z"/>'
