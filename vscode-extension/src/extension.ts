// Where the editor enters: commands, settings, and the server they are about.

import * as vscode from "vscode";

import { Server } from "./server";
import { Status } from "./status";

/** A change of these needs another process; all others are told to the running one. */
const STARTING = ["ipclint.enable", "ipclint.interpreter", "ipclint.server"];

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("ipclint", { log: true });
  const status = new Status();
  const server = new Server(context, log, status);
  const command = (name: string, action: () => unknown) => vscode.commands.registerCommand(`ipclint.${name}`, action);
  context.subscriptions.push(
    log,
    status,
    server,
    command("start", () => server.start()),
    command("stop", () => server.stop()),
    command("restart", () => server.restart()),
    command("showLog", () => log.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (STARTING.some((setting) => event.affectsConfiguration(setting))) {
        await (isEnabled() ? server.restart() : server.stop());
      }
    }),
  );
  if (isEnabled()) {
    void server.start();
  }
}

function isEnabled(): boolean {
  return vscode.workspace.getConfiguration("ipclint").get("enable", true);
}
