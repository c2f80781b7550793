// "Export SARIF": the report that code scanning services read.

import * as vscode from "vscode";

import { chosenFolder, withProgress, type Ipclint } from "./ipclint";

/** Writes the report to `file`, or where the user says. */
export async function exportSarif(ipclint: Ipclint, file?: vscode.Uri): Promise<void> {
  const folder = await chosenFolder();
  if (folder === undefined) {
    return;
  }
  const defaultUri = vscode.Uri.joinPath(folder.uri, "ipclint.sarif");
  const target = file ?? (await vscode.window.showSaveDialog({ defaultUri, filters: { SARIF: ["sarif", "sarif.json"] } }));
  if (target === undefined) {
    return;
  }
  await vscode.workspace.saveAll(false);
  const done = await withProgress("exporting SARIF", (cancelled) =>
    ipclint.run(["check", "--format", "sarif", "--output", target.fsPath], folder.uri.fsPath, cancelled),
  );
  if (done !== undefined && (await vscode.window.showInformationMessage(`ipclint: wrote ${target.fsPath}`, "Open")) === "Open") {
    await vscode.window.showTextDocument(target);
  }
}
