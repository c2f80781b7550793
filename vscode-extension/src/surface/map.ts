// The surface map in a panel. The page itself is src/webview; here is what it may load, and what it may ask for.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

import type { FromPage, ToPage } from "./messages";
import { open, type Mapped, type Surfaces } from "./source";

export class SurfaceMap implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly listener: vscode.Disposable;
  private shown: Mapped[] = [];

  constructor(
    private readonly surfaces: Surfaces,
    private readonly extension: vscode.Uri,
  ) {
    this.listener = surfaces.onDidChange(() => this.send());
  }

  /** Opens the panel, or brings it to the front. */
  show(): void {
    if (this.panel !== undefined) {
      this.panel.reveal();
      return;
    }
    const roots = [vscode.Uri.joinPath(this.extension, "dist"), vscode.Uri.joinPath(this.extension, "media")];
    const options = { enableScripts: true, localResourceRoots: roots };
    const panel = vscode.window.createWebviewPanel("ipclint.map", "IPC Surface", vscode.ViewColumn.Active, options);
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media", "ipclint.svg");
    panel.webview.onDidReceiveMessage((message: FromPage) => this.receive(message));
    panel.onDidDispose(() => (this.panel = undefined));
    panel.webview.html = page(panel.webview, this.extension);
    this.panel = panel;
  }

  dispose(): void {
    this.listener.dispose();
    this.panel?.dispose();
  }

  private async send(): Promise<void> {
    if (this.panel === undefined) {
      return;
    }
    this.shown = await this.surfaces.all();
    const message: ToPage = { surfaces: this.shown.map(({ surface }) => surface) };
    await this.panel.webview.postMessage(message);
  }

  private async receive(message: FromPage): Promise<void> {
    if (message.ask === "surfaces") {
      await this.send();
    } else {
      const mapped = this.shown[message.folder];
      if (mapped !== undefined) {
        await open(mapped.folder, message.spot, vscode.ViewColumn.Beside);
      }
    }
  }
}

/** Nothing is loaded but this extension's own script and style; nothing inline, nothing from the network. */
function page(webview: vscode.Webview, extension: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const address = (...parts: string[]) => webview.asWebviewUri(vscode.Uri.joinPath(extension, ...parts)).toString();
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${address("media", "map.css")}">
  <title>IPC Surface</title>
</head>
<body>
  <script nonce="${nonce}" src="${address("dist", "map.js")}"></script>
</body>
</html>`;
}
