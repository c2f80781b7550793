// The item in the status bar: what the server does, and how much it has found.

import * as vscode from "vscode";

export type State = "starting" | "running" | "stopped" | "failed";

const ICONS: Record<State, string> = {
  starting: "$(loading~spin)",
  running: "$(shield)",
  stopped: "$(circle-slash)",
  failed: "$(error)",
};

const LEVELS = ["error", "warning", "note", "hint"]; // in the order of vscode.DiagnosticSeverity
const COMMANDS = {
  checkWorkspace: "Check workspace",
  showSurface: "Show surface",
  restart: "Restart server",
  showLog: "Show log",
};

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("ipclint.status", vscode.StatusBarAlignment.Left, 0);
  private readonly listener = vscode.languages.onDidChangeDiagnostics(() => this.show());
  private state: State = "stopped";
  private detail = "";

  constructor() {
    this.item.name = "ipclint";
    this.show();
    this.item.show();
  }

  set(state: State, detail = ""): void {
    this.state = state;
    this.detail = detail;
    this.show();
  }

  dispose(): void {
    this.listener.dispose();
    this.item.dispose();
  }

  private show(): void {
    const counts = this.state === "running" ? findings() : [];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const said = `ipclint: ${this.state}${this.detail ? `, ${this.detail}` : ""}${this.state === "running" ? `, ${words(counts)}` : ""}`;
    this.item.text = `${ICONS[this.state]} ipclint${total > 0 ? ` ${total}` : ""}`;
    this.item.tooltip = tooltip(said);
    this.item.command = this.state === "running" ? "workbench.actions.view.problems" : "ipclint.showLog";
    this.item.backgroundColor = this.state === "failed" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.accessibilityInformation = { label: said };
  }
}

/** How many findings there are of each level. */
function findings(): number[] {
  const counts = LEVELS.map(() => 0);
  for (const [, diagnostics] of vscode.languages.getDiagnostics()) {
    for (const { source, severity } of diagnostics) {
      if (source === "ipclint") {
        counts[severity] = (counts[severity] ?? 0) + 1;
      }
    }
  }
  return counts;
}

/** `2 errors, 1 note`. */
function words(counts: number[]): string {
  const parts = counts.flatMap((count, level) => (count > 0 ? [`${count} ${LEVELS[level]}${count === 1 ? "" : "s"}`] : []));
  return parts.join(", ") || "nothing found";
}

function tooltip(said: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString("", true);
  text.isTrusted = { enabledCommands: Object.keys(COMMANDS).map((name) => `ipclint.${name}`) };
  text.appendText(said).appendMarkdown("\n\n---\n\n");
  return text.appendMarkdown(
    Object.entries(COMMANDS)
      .map(([name, title]) => `[${title}](command:ipclint.${name})`)
      .join(" · "),
  );
}
