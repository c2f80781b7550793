// The item in the status bar: what the server does, and how much it has found.

import * as vscode from "vscode";

export type State = "starting" | "running" | "stopped" | "failed";

const ICONS: Record<State, string> = {
  starting: "$(loading~spin)",
  running: "$(shield)",
  stopped: "$(circle-slash)",
  failed: "$(error)",
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

  private show(): void {
    const count = this.state === "running" ? findings() : 0;
    this.item.text = `${ICONS[this.state]} ipclint${count > 0 ? ` ${count}` : ""}`;
    this.item.tooltip = `ipclint: ${this.state}${this.detail ? `, ${this.detail}` : ""}, ${count} findings`;
    this.item.command = this.state === "running" ? "workbench.actions.view.problems" : "ipclint.showLog";
    this.item.backgroundColor = this.state === "failed" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.accessibilityInformation = { label: this.item.tooltip };
  }

  dispose(): void {
    this.listener.dispose();
    this.item.dispose();
  }
}

function findings(): number {
  const all = vscode.languages.getDiagnostics().flatMap(([, diagnostics]) => diagnostics);
  return all.filter((diagnostic) => diagnostic.source === "ipclint").length;
}
