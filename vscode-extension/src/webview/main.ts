// The page of the surface map: a toolbar, the boxes with lines between them, and what is known of the chosen one.

import { endpointsOf, STATES, STATE_WORDS, title, type Endpoint, type State, type Surface } from "../surface/model";
import type { FromPage, ToPage } from "../surface/messages";
import { columns, nameOf, type Box } from "./columns";
import { details } from "./details";
import { h } from "./dom";
import { draw } from "./lines";

interface Kept {
  folder: number;
  chosen: string;
  hidden: State[];
  search: string;
}

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): Kept | undefined;
  setState(state: Kept): void;
};

const editor = acquireVsCodeApi();
const root = document.body.appendChild(h("main"));
let surfaces: Surface[] = [];
let kept: Kept = editor.getState() ?? { folder: 0, chosen: "", hidden: [], search: "" };
let redraw = (): void => undefined;

window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  surfaces = data.surfaces;
  render();
});
new ResizeObserver(() => redraw()).observe(root);
editor.postMessage({ ask: "surfaces" });

function keep(change: Partial<Kept>): void {
  kept = { ...kept, ...change };
  editor.setState(kept);
}

function render(): void {
  const surface = surfaces[kept.folder] ?? surfaces[0];
  if (surface === undefined || surface.endpoints.length === 0) {
    root.replaceChildren(
      h("p", { class: "hint" }, "No place was found where a program of this workspace meets another process."),
    );
    return;
  }
  const board = h(
    "div",
    { class: "board" },
    ...columns(surface).map((column) => h("div", { class: "column" }, ...column.map((box) => boxOf(surface, box)))),
  );
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  board.prepend(svg);
  const aside = h("aside", { "aria-label": "Details", "aria-live": "polite" });
  root.replaceChildren(toolbar(surface), h("div", { class: "view" }, h("div", { class: "scroll", tabindex: -1 }, board), aside));
  redraw = () => draw(svg, board, surface.channels, kept.chosen, (id, endpoint) => shownEnd(board, id, endpoint));
  show(surface, board, aside);
}

/** Brings the choice and the filters to what is on the page already. */
function show(surface: Surface, board: HTMLElement, aside: HTMLElement): void {
  for (const button of board.querySelectorAll<HTMLElement>("[data-id]")) {
    button.setAttribute("aria-pressed", String(button.dataset["id"] === kept.chosen));
  }
  for (const row of board.querySelectorAll<HTMLElement>("li")) {
    const words = (row.dataset["words"] ?? "").toLowerCase();
    row.hidden = kept.hidden.includes(row.dataset["state"] as State) || !words.includes(kept.search.toLowerCase());
  }
  const folder = Math.max(0, surfaces.indexOf(surface));
  const choose = (id: string) => {
    keep({ chosen: id });
    show(surface, board, aside);
    board.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  };
  board.onclick = ({ target }) => {
    const id = (target as HTMLElement).closest<HTMLElement>("[data-id]")?.dataset["id"];
    if (id !== undefined) {
      choose(id);
    }
  };
  aside.replaceChildren(
    ...details(surface, kept.chosen, { choose, open: (spot) => editor.postMessage({ ask: "open", folder, spot }) }),
  );
  redraw();
}

// ── the toolbar ────────────────────────────────────────────────────────────────────────────────────────────────────────

function toolbar(surface: Surface): HTMLElement {
  const counts = new Map(
    STATES.map((state) => [state, surface.endpoints.filter(({ authentication }) => authentication.state === state).length]),
  );
  const search = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter endpoints", value: kept.search });
  search.addEventListener("input", () => apply({ search: search.value }));
  const filters = STATES.filter((state) => counts.get(state)).map((state) => {
    const box = h("input", { type: "checkbox", checked: !kept.hidden.includes(state) });
    box.addEventListener("change", () =>
      apply({ hidden: box.checked ? kept.hidden.filter((each) => each !== state) : [...kept.hidden, state] }),
    );
    return h("label", { class: `state ${state}`, title: STATE_WORDS[state] }, box, `${state} ${counts.get(state)}`);
  });
  return h("header", {}, ...(surfaces.length > 1 ? [folders(surface)] : []), search, ...filters);
}

function folders(shown: Surface): HTMLElement {
  const select = h(
    "select",
    { "aria-label": "Folder" },
    ...surfaces.map((surface, number) => h("option", { value: number, selected: surface === shown }, surface.name)),
  );
  select.addEventListener("change", () => {
    keep({ folder: Number(select.value), chosen: "" });
    render();
  });
  return select;
}

function apply(change: Partial<Kept>): void {
  keep(change);
  const [board, aside] = [root.querySelector<HTMLElement>(".board"), root.querySelector<HTMLElement>("aside")];
  const surface = surfaces[kept.folder] ?? surfaces[0];
  if (board && aside && surface) {
    show(surface, board, aside);
  }
}

// ── the boxes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function boxOf(surface: Surface, box: Box): HTMLElement {
  const name = h("button", { class: "name", "data-id": box.id }, nameOf(box));
  if (box.is === "outside") {
    return h("section", { class: `box outside ${box.outside.kind}`, "aria-label": nameOf(box) }, name);
  }
  const { kind, privileged, sandboxed } = box.target;
  const words = [kind.replaceAll("-", " "), privileged ? "privileged" : "", sandboxed === false ? "not sandboxed" : ""]
    .filter(Boolean)
    .join(", ");
  const rows = endpointsOf(surface, box.id).map(rowOf);
  return h(
    "section",
    { class: `box target${privileged ? " privileged" : ""}`, "aria-label": nameOf(box) },
    name,
    h("p", {}, words),
    h("ul", {}, ...rows),
  );
}

function rowOf(endpoint: Endpoint): HTMLElement {
  const { state } = endpoint.authentication;
  const label = `${title(endpoint)} ${endpoint.kind}: ${STATE_WORDS[state]}`;
  const said = [
    h("span", { class: "title" }, title(endpoint)),
    " ",
    h("span", { class: "kind" }, endpoint.kind),
    h("span", { class: "spoken" }, `: ${STATE_WORDS[state]}`),
  ];
  const button = h("button", { class: `endpoint state ${state}`, "data-id": endpoint.id, title: label }, ...said);
  return h("li", { "data-state": state, "data-words": `${label} ${endpoint.spot.path}` }, button);
}

/** The element that a line ends at: the endpoint's row, or the box when it has none or the row is hidden. */
function shownEnd(board: HTMLElement, id: string, endpoint: string): HTMLElement | null {
  const find = (name: string) => board.querySelectorAll<HTMLElement>(`[data-id="${CSS.escape(name)}"]`);
  const box = find(id)[0]?.closest<HTMLElement>(".box") ?? null;
  const row = endpoint === "" ? undefined : [...find(endpoint)].find((each) => each.offsetParent !== null && box?.contains(each));
  return row ?? box?.querySelector<HTMLElement>(".name") ?? null;
}
