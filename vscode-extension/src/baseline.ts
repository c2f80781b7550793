// "New Baseline": what is found now is written down, so that only what is new is reported from here on.

import * as vscode from "vscode";

import { names, withBaseline } from "./configuration";
import { chosenFolder, withProgress, type Ipclint } from "./ipclint";

const CONFIGURATION = "ipclint.toml";

export async function newBaseline(ipclint: Ipclint): Promise<void> {
  const folder = await chosenFolder();
  if (folder === undefined) {
    return;
  }
  await vscode.workspace.saveAll(false);
  const written = await withProgress("writing a baseline", (cancelled) =>
    ipclint.run(["baseline"], folder.uri.fsPath, cancelled),
  );
  if (written === undefined) {
    return;
  }
  const configuration = vscode.Uri.joinPath(folder.uri, CONFIGURATION);
  const text = await contents(configuration);
  if (names(text)) {
    void vscode.window.showInformationMessage(written.stdout.trim());
    await vscode.commands.executeCommand("ipclint.restart"); // the server reads a baseline when it starts
    return;
  }
  const add = `Name It in ${CONFIGURATION}`;
  if ((await vscode.window.showInformationMessage(written.stdout.trim(), add)) === add) {
    await vscode.workspace.fs.writeFile(configuration, new TextEncoder().encode(withBaseline(text)));
    await vscode.window.showTextDocument(configuration);
  }
}

async function contents(file: vscode.Uri): Promise<string> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch {
    return "";
  }
}
