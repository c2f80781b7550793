// The lines between the boxes, drawn behind them where the browser has put them.

import type { Channel } from "../surface/model";

const SVG = "http://www.w3.org/2000/svg";

/** Draws the channels over `board`; `end` gives the element at an end. Lines of `lit` ids are drawn strong. */
export function draw(
  svg: SVGSVGElement,
  board: HTMLElement,
  channels: Channel[],
  lit: string,
  end: (id: string, endpoint: string) => HTMLElement | null,
): void {
  const frame = board.getBoundingClientRect();
  svg.setAttribute("width", String(board.scrollWidth));
  svg.setAttribute("height", String(board.scrollHeight));
  const lines = channels.flatMap((channel) => {
    const [from, to] = [end(channel.source, channel.from_endpoint), end(channel.target, channel.to_endpoint)];
    return from === null || to === null
      ? []
      : [line(channel, from.getBoundingClientRect(), to.getBoundingClientRect(), frame, isLit(channel, lit))];
  });
  svg.replaceChildren(...lines);
}

function isLit(channel: Channel, lit: string): boolean {
  return lit !== "" && [channel.source, channel.target, channel.from_endpoint, channel.to_endpoint].includes(lit);
}

function line(channel: Channel, from: DOMRect, to: DOMRect, frame: DOMRect, strong: boolean): SVGGElement {
  const rightward = from.right <= to.left;
  const leftward = to.right <= from.left;
  const x1 = (leftward ? from.left : from.right) - frame.left;
  const x2 = (leftward || !rightward ? to.right : to.left) - frame.left;
  const [y1, y2] = [from.top + from.height / 2 - frame.top, to.top + to.height / 2 - frame.top];
  const bend = rightward || leftward ? Math.max(24, Math.abs(x2 - x1) / 2) : 40;
  const [c1, c2] = [leftward ? x1 - bend : x1 + bend, rightward ? x2 - bend : x2 + bend];
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", `line ${channel.state}${strong ? " lit" : ""}${channel.both ? " both" : ""}`);
  group.append(path(`M${x1},${y1} C${c1},${y1} ${c2},${y2} ${x2},${y2}`), arrow(x2, y2, rightward ? 1 : -1));
  if (channel.both) {
    group.append(arrow(x1, y1, leftward ? 1 : -1));
  }
  return group;
}

function path(d: string): SVGPathElement {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("d", d);
  return element;
}

/** A head that points right (1) or left (-1). */
function arrow(x: number, y: number, way: 1 | -1): SVGPathElement {
  const element = path(`M${x},${y} l${-7 * way},-4 v8 z`);
  element.setAttribute("class", "head");
  return element;
}
