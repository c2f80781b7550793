// Where the editor enters: commands, settings, views, and the server they are about. Wiring only.

import * as vscode from "vscode";

import { newBaseline } from "./baseline";
import { CheckTasks } from "./check";
import { Ipclint } from "./ipclint";
import { showReferences } from "./references";
import { Rules } from "./rules";
import { exportSarif } from "./sarif";
import { Server } from "./server";
import { Status } from "./status";
import { SurfaceMap } from "./surface/map";
import { Surfaces } from "./surface/source";
import { SurfaceTree } from "./surface/tree";

/** A change of these needs another process; all others are told to the running one. */
const STARTING = ["ipclint.enable", "ipclint.interpreter", "ipclint.command"];

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("ipclint", { log: true });
  const status = new Status();
  const ipclint = new Ipclint(context, log);
  const server = new Server(ipclint, log, status);
  const tasks = new CheckTasks(ipclint);
  const rules = new Rules(ipclint);
  const surfaces = new Surfaces(server, ipclint, log);
  const tree = new SurfaceTree(surfaces);
  const map = new SurfaceMap(surfaces, context.extensionUri);
  const commands: Record<string, (...given: never[]) => unknown> = {
    start: () => server.start(),
    stop: () => server.stop(),
    restart: () => server.restart(),
    showLog: () => log.show(),
    checkWorkspace: () => tasks.check(),
    explainRule: (id?: string) => rules.explain(id),
    showSurface: () => map.show(),
    refreshSurface: () => surfaces.refresh(),
    newBaseline: () => newBaseline(ipclint),
    showReferences,
    exportSarif: (file?: vscode.Uri) => exportSarif(ipclint, file),
  };
  context.subscriptions.push(
    ...Object.entries(commands).map(([name, action]) => vscode.commands.registerCommand(`ipclint.${name}`, action)),
    ...[log, status, server, rules, surfaces, tree, map],
    vscode.tasks.registerTaskProvider("ipclint", tasks),
    vscode.workspace.onDidGrantWorkspaceTrust(() => applied(server)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (STARTING.some((setting) => event.affectsConfiguration(setting))) {
        void applied(server);
      }
    }),
  );
  if (isEnabled()) {
    void server.start();
  }
}

/** The settings that say which server runs, brought into force. */
function applied(server: Server): Promise<void> {
  return isEnabled() ? server.restart() : server.stop();
}

function isEnabled(): boolean {
  return vscode.workspace.getConfiguration("ipclint").get("enable", true);
}
