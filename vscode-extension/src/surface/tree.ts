// The view "IPC Surface": folders, programs, endpoints, and what can be called there.

import * as vscode from "vscode";

import {
  endpointsOf,
  STATE_WORDS,
  STATES,
  title,
  type Endpoint,
  type Method,
  type Sink,
  type Spot,
  type State,
  type Target,
} from "./model";
import { open, type Mapped, type Surfaces } from "./source";

type Node =
  | { is: "folder"; mapped: Mapped }
  | { is: "target"; mapped: Mapped; target: Target | undefined }
  | { is: "endpoint"; mapped: Mapped; endpoint: Endpoint }
  | { is: "method"; mapped: Mapped; method: Method }
  | { is: "sink"; mapped: Mapped; sink: Sink }
  | { is: "peer"; mapped: Mapped; endpoint: Endpoint };

const ICONS: Record<State, [icon: string, color: string]> = {
  open: ["unlock", "list.errorForeground"],
  weak: ["warning", "list.warningForeground"],
  unknown: ["question", "descriptionForeground"],
  verified: ["lock", "testing.iconPassed"],
  "not-applicable": ["plug", "descriptionForeground"],
};

const OPEN = "ipclint.openSpot";

export class SurfaceTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view = vscode.window.createTreeView("ipclint.surface", { treeDataProvider: this, showCollapseAll: true });
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly surfaces: Surfaces) {
    this.listeners = [
      surfaces.onDidChange(() => this.changed.fire()),
      vscode.commands.registerCommand(OPEN, ({ folder }: Mapped, spot: Spot) => open(folder, spot)),
    ];
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      const all = await this.surfaces.all();
      this.badge(all);
      return all.length === 1 ? all.flatMap(targetsOf) : all.map((mapped) => ({ is: "folder", mapped }));
    }
    return childrenOf(node);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const item = itemOf(node);
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    item.collapsibleState =
      childrenOf(node).length === 0 ? None : node.is === "folder" || node.is === "target" ? Expanded : Collapsed;
    const spot = spotOf(node);
    if (spot !== undefined) {
      item.command = { command: OPEN, title: "Open", arguments: [node.mapped, spot] };
    }
    return item;
  }

  dispose(): void {
    vscode.Disposable.from(this.changed, this.view, ...this.listeners).dispose();
  }

  /** How many doors stand open, on the icon of the view. */
  private badge(all: Mapped[]): void {
    const value = all
      .flatMap(({ surface }) => surface.endpoints)
      .filter(({ authentication }) => authentication.state === "open").length;
    this.view.badge =
      value === 0 ? undefined : { value, tooltip: `${value} endpoint${value === 1 ? "" : "s"} where nobody is checked` };
  }
}

function targetsOf(mapped: Mapped): Node[] {
  const { surface } = mapped;
  const known = [...surface.targets]
    .sort((a, b) => a.name.localeCompare(b.name))
    .filter(({ id }) => endpointsOf(surface, id).length > 0);
  const none = endpointsOf(surface, "").length > 0 ? [undefined] : [];
  return [...known, ...none].map((target) => ({ is: "target", mapped, target }));
}

function childrenOf(node: Node): Node[] {
  const { mapped } = node;
  switch (node.is) {
    case "folder":
      return targetsOf(mapped);
    case "target":
      return endpointsOf(mapped.surface, node.target?.id ?? "").map((endpoint) => ({ is: "endpoint", mapped, endpoint }));
    case "endpoint":
      return [
        ...node.endpoint.methods.map((method): Node => ({ is: "method", mapped, method })),
        ...mapped.surface.endpoints
          .filter(({ id }) => node.endpoint.peers.includes(id))
          .map((endpoint): Node => ({ is: "peer", mapped, endpoint })),
      ];
    case "method":
      return node.method.reaches.map((sink) => ({ is: "sink", mapped, sink }));
    default:
      return [];
  }
}

function spotOf(node: Node): Spot | undefined {
  switch (node.is) {
    case "endpoint":
    case "peer":
      return node.endpoint.spot;
    case "method":
      return node.method.body ?? node.method.spot;
    case "sink":
      return node.sink.spot;
    default:
      return undefined;
  }
}

function itemOf(node: Node): vscode.TreeItem {
  switch (node.is) {
    case "folder":
      return new vscode.TreeItem(node.mapped.folder.name);
    case "target":
      return targetItem(node.target);
    case "endpoint":
      return endpointItem(node.endpoint, node.endpoint.kind);
    case "peer":
      return endpointItem(node.endpoint, `the other side: ${node.endpoint.kind}, ${node.endpoint.spot.path}`, "arrow-both");
    case "method":
      return described(node.method.signature, node.method.protocol, "symbol-method");
    case "sink":
      return described(node.sink.code, `reaches ${node.sink.what}`, "flame", "list.warningForeground");
  }
}

function targetItem(target: Target | undefined): vscode.TreeItem {
  if (target === undefined) {
    return described("(no known program)", "", "library");
  }
  const words = [target.kind, target.privileged ? "privileged" : "", target.sandboxed === false ? "not sandboxed" : ""];
  const item = described(target.name, words.filter(Boolean).join(", "), target.privileged ? "star-full" : "package");
  item.tooltip = target.bundle_id || target.name;
  return item;
}

function endpointItem(endpoint: Endpoint, description: string, icon?: string): vscode.TreeItem {
  const { state, says } = endpoint.authentication;
  const [ownIcon, color] = ICONS[STATES.includes(state) ? state : "unknown"];
  const item = described(title(endpoint), description, icon ?? ownIcon, icon === undefined ? color : undefined);
  const tooltip = new vscode.MarkdownString();
  tooltip
    .appendMarkdown("**")
    .appendText(`${endpoint.kind} ${title(endpoint)}`)
    .appendMarkdown("**\n\n");
  for (const line of [endpoint.reach.says, says || STATE_WORDS[state], endpoint.rating.note].filter(Boolean)) {
    tooltip.appendMarkdown("- ").appendText(line).appendMarkdown("\n");
  }
  item.tooltip = tooltip;
  item.accessibilityInformation = { label: `${endpoint.kind} ${title(endpoint)}: ${STATE_WORDS[state]}` };
  return item;
}

function described(label: string, description: string, icon: string, color?: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.description = description;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  return item;
}
