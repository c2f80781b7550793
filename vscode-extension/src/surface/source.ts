// Where surface maps come from: the server, which knows unsaved documents too, or else a run of the program.

import * as vscode from "vscode";

import type { Ipclint } from "../ipclint";
import type { Server } from "../server";
import { parseSurface, type Spot, type Surface } from "./model";

const REQUEST = "ipclint/surface";
const FILES = "**/*.{swift,m,mm,h,c,plist,entitlements,xcent,xcconfig,pbxproj}";
const REST = 1000; // milliseconds after the last file of several was written

/** The map of a folder. */
export interface Mapped {
  folder: vscode.WorkspaceFolder;
  surface: Surface;
}

export class Surfaces implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** The maps may be others now. */
  readonly onDidChange = this.changed.event;
  private soon: NodeJS.Timeout | undefined;
  private maps: Promise<Mapped[]> | undefined;
  private readonly listeners: vscode.Disposable[];

  constructor(
    private readonly server: Server,
    private readonly ipclint: Ipclint,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const watcher = vscode.workspace.createFileSystemWatcher(FILES);
    const written = () => {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.refresh(), REST);
    };
    this.listeners = [
      watcher,
      ...[watcher.onDidChange(written), watcher.onDidCreate(written), watcher.onDidDelete(written)],
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
      server.onDidStart(() => this.refresh()),
    ];
  }

  /** The maps of the workspace's folders; made at the first question and kept until something changes. */
  all(): Promise<Mapped[]> {
    this.maps ??= this.make();
    return this.maps;
  }

  refresh(): void {
    this.maps = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.soon);
    this.changed.dispose();
    vscode.Disposable.from(...this.listeners).dispose();
  }

  private async make(): Promise<Mapped[]> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    const made = await Promise.all(folders.map(async (folder) => ({ folder, surface: await this.of(folder) })));
    return made.flatMap(({ folder, surface }) => (surface === undefined ? [] : [{ folder, surface }]));
  }

  private async of(folder: vscode.WorkspaceFolder): Promise<Surface | undefined> {
    try {
      return parseSurface((await this.asked(folder)) ?? (await this.run(folder)));
    } catch (error) {
      this.log.error(`No surface map of ${folder.name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** The server's answer; undefined when there is no server, or one that does not know the question. */
  private async asked(folder: vscode.WorkspaceFolder): Promise<unknown> {
    try {
      return await this.server.client?.sendRequest<unknown>(REQUEST, { uri: folder.uri.toString() });
    } catch (error) {
      this.log.debug(`${REQUEST}: ${String(error)}`);
      return undefined;
    }
  }

  private async run(folder: vscode.WorkspaceFolder): Promise<unknown> {
    const { token } = new vscode.CancellationTokenSource();
    const { stdout } = await this.ipclint.run(["surface", "--format", "json"], folder.uri.fsPath, token);
    return JSON.parse(stdout);
  }
}

/** Opens a piece of a file of a folder. */
export async function open(folder: vscode.WorkspaceFolder, spot: Spot, column = vscode.ViewColumn.Active): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, spot.path));
  const at = ({ line, column }: Spot["start"]) =>
    new vscode.Position(line - 1, utf16(document.lineAt(Math.min(line, document.lineCount) - 1).text, column - 1));
  await vscode.window.showTextDocument(document, {
    selection: new vscode.Range(at(spot.start), at(spot.end)),
    viewColumn: column,
  });
}

/** How many UTF-16 code units the first characters of a line take. */
function utf16(line: string, characters: number): number {
  return Array.from(line).slice(0, characters).join("").length;
}
