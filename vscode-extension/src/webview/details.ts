// What is known of the chosen endpoint or program, in words, with everything that can be opened as a button.

import { STATE_WORDS, title, type Endpoint, type Spot, type Surface } from "../surface/model";
import { h } from "./dom";

export interface Wishes {
  open(spot: Spot): void;
  choose(id: string): void;
}

export function details(surface: Surface, chosen: string, wishes: Wishes): Node[] {
  const endpoint = surface.endpoints.find(({ id }) => id === chosen);
  if (endpoint !== undefined) {
    return aboutEndpoint(surface, endpoint, wishes);
  }
  const target = surface.targets.find(({ id }) => id === chosen);
  if (target !== undefined) {
    const facts = [target.kind, target.bundle_id, target.privileged ? "runs with privileges" : "", sandbox(target.sandboxed)];
    return [h("h2", {}, target.name), list(facts.filter(Boolean)), ...channels(surface, chosen, wishes)];
  }
  const outside = surface.outside.find(({ id }) => id === chosen);
  if (outside !== undefined) {
    return [h("h2", {}, outside.name), h("p", {}, "Outside of this workspace."), ...channels(surface, chosen, wishes)];
  }
  return [h("p", { class: "hint" }, "Choose an endpoint or a program: Tab moves between them, Enter chooses.")];
}

function aboutEndpoint(surface: Surface, endpoint: Endpoint, wishes: Wishes): Node[] {
  const { state, says, requirements, spots } = endpoint.authentication;
  const peers = surface.endpoints.filter(({ id }) => endpoint.peers.includes(id));
  return [
    h("h2", {}, title(endpoint)),
    h("p", { class: "kind" }, endpoint.kind),
    place(endpoint.spot, wishes),
    ...(endpoint.reach.says ? section("Who can reach it", h("p", {}, endpoint.reach.says)) : []),
    ...section(
      "What authenticates the peer",
      h("p", { class: `state ${state}` }, says || STATE_WORDS[state]),
      ...spots.map((spot) => place(spot, wishes)),
    ),
    ...requirements.map(({ text, verdict, spot }) => h("div", {}, h("code", {}, text), h("p", {}, verdict), place(spot, wishes))),
    ...(endpoint.rating.note
      ? section(
          "The mechanism",
          h("p", {}, endpoint.rating.level ? `rated ${endpoint.rating.level}: ${endpoint.rating.note}` : endpoint.rating.note),
        )
      : []),
    ...(endpoint.methods.length > 0
      ? section("What can be called", ...endpoint.methods.map((method) => called(method, wishes)))
      : []),
    ...(peers.length > 0
      ? section("The other side", ...peers.map((peer) => link(`${peer.kind}, ${peer.spot.path}`, () => wishes.choose(peer.id))))
      : []),
    ...channels(surface, endpoint.id, wishes),
  ];
}

function called(method: Endpoint["methods"][number], wishes: Wishes): HTMLElement {
  const reaches = method.reaches.map(({ what, code, spot }) =>
    h(
      "li",
      {},
      `reaches ${what}: `,
      link(code, () => wishes.open(spot)),
    ),
  );
  return h(
    "div",
    { class: "method" },
    link(method.signature, () => wishes.open(method.body ?? method.spot)),
    reaches.length > 0 ? h("ul", {}, ...reaches) : undefined,
  );
}

/** The arrows that begin or end here. */
function channels(surface: Surface, id: string, wishes: Wishes): Node[] {
  const names = new Map<string, string>();
  [...surface.targets, ...surface.outside].forEach((each) => names.set(each.id, each.name));
  const here = surface.channels.filter((each) => [each.source, each.target, each.from_endpoint, each.to_endpoint].includes(id));
  const rows = here.map((each) =>
    h(
      "li",
      { class: `state ${each.state}` },
      link(names.get(each.source) ?? "?", () => wishes.choose(each.source)),
      each.both ? " ⇄ " : " → ",
      link(names.get(each.target) ?? "?", () => wishes.choose(each.target)),
      `: ${STATE_WORDS[each.state]}`,
    ),
  );
  return rows.length > 0 ? section("Who talks to whom", h("ul", {}, ...rows)) : [];
}

function section(heading: string, ...children: Node[]): Node[] {
  return [h("h3", {}, heading), ...children];
}

function place(spot: Spot, wishes: Wishes): HTMLElement {
  return h(
    "p",
    {},
    link(`${spot.path}:${spot.start.line}`, () => wishes.open(spot)),
  );
}

function link(text: string, click: () => void): HTMLElement {
  return h("button", { class: "link", click }, text);
}

function list(items: string[]): HTMLElement {
  return h("ul", {}, ...items.map((item) => h("li", {}, item)));
}

function sandbox(sandboxed: boolean | null): string {
  return sandboxed === null ? "" : sandboxed ? "in the sandbox" : "not in the sandbox";
}
