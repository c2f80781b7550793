// What the tests in the extension host share.

import assert from "node:assert/strict";
import * as vscode from "vscode";

export const folder = (): vscode.Uri => {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first);
  return first.uri;
};

export const file = (name: string): vscode.Uri => vscode.Uri.joinPath(folder(), name);

/** Asks again until there is an answer: what is found comes when the server is ready. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patience = 50_000,
): Promise<T> {
  for (const end = Date.now() + patience; Date.now() < end;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) {
        return answer;
      }
    } catch (error) {
      if (!String(error).includes("Cancel")) {
        throw error;
      }
    }
    await pause(100);
  }
  throw new Error(`not so after ${patience} ms: ${what}`);
}

export function findings(name: string): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(file(name)).filter(({ source }) => source === "ipclint");
}

export function rule({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}

export async function write(uri: vscode.Uri, text: string): Promise<void> {
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
}

export async function read(uri: vscode.Uri): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
