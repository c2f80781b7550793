// "Explain Rule": a rule's page as Markdown, beside the code.

import * as os from "node:os";
import * as vscode from "vscode";

import { withProgress, type Ipclint } from "./ipclint";

const SCHEME = "ipclint-rule";

interface Rule {
  id: string;
  aliases: string[];
  title: string;
}

export class Rules implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  constructor(private readonly ipclint: Ipclint) {}

  /** Shows the page of a rule: the one that is named, or the one the user chooses, those under the cursor first. */
  async explain(named?: string): Promise<void> {
    const id = named ?? (await this.choose());
    if (id !== undefined) {
      await vscode.commands.executeCommand("markdown.showPreviewToSide", vscode.Uri.from({ scheme: SCHEME, path: `${id}.md` }));
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri, cancelled: vscode.CancellationToken): Promise<string> {
    const id = uri.path.replace(/^\//, "").replace(/\.md$/, "");
    return (await this.ipclint.run(["explain", "--format", "markdown", id], place(), cancelled)).stdout;
  }

  dispose(): void {
    this.registered.dispose();
  }

  private async choose(): Promise<string | undefined> {
    const listed = await withProgress("listing the rules", (cancelled) =>
      this.ipclint.run(["rules", "--format", "json"], place(), cancelled),
    );
    if (listed === undefined) {
      return undefined;
    }
    const here = underCursor();
    const rules = (JSON.parse(listed.stdout) as Rule[]).sort((a, b) => Number(here.has(b.id)) - Number(here.has(a.id)));
    const items = rules.map(({ id, aliases, title }) => ({
      label: here.has(id) ? `$(arrow-small-right) ${id}` : id,
      description: aliases.join(", "),
      detail: title,
      id,
    }));
    const options = { placeHolder: "Which rule?", matchOnDescription: true, matchOnDetail: true };
    return (await vscode.window.showQuickPick(items, options))?.id;
  }
}

/** The rules of the findings on the line of the cursor; a variant's letter is not part of a rule. */
function underCursor(): Set<string> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return new Set();
  }
  const line = editor.selection.active.line;
  const touching = vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter(({ range }) => range.start.line <= line && line <= range.end.line);
  return new Set(touching.filter(({ source }) => source === "ipclint").map(({ code }) => codeOf(code).replace(/\.\w+$/, "")));
}

function codeOf(code: vscode.Diagnostic["code"]): string {
  return String(typeof code === "object" ? code.value : (code ?? ""));
}

/** Where the program is started: it looks for the project's ipclint.toml there, which may name rules of its own. */
function place(): string {
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir();
}
