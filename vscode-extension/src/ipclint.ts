// The program ipclint: found once, and run for what a command of the editor wants of it.

import { spawn } from "node:child_process";
import * as path from "node:path";
import * as vscode from "vscode";

import { bundled, environment, surroundings } from "./environment";
import { search, type Command } from "./search";

/** What a run left behind. `code` is 0 when nothing was reported, 1 when something was, 2 for trouble. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export class Ipclint {
  private command: Promise<Command> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** How to start it. Throws NoServer. */
  find(): Promise<Command> {
    this.command ??= this.search();
    return this.command;
  }

  /** Search again the next time: a setting changed, or something was installed. */
  forget(): void {
    this.command = undefined;
  }

  /** The environment of its processes: what Python compiles goes to the editor's storage. */
  environment(): NodeJS.ProcessEnv {
    return environment({ IPCLINT_BYTECODE: path.join(this.context.globalStorageUri.fsPath, "bytecode") });
  }

  /** Runs a command of it and waits. Throws what it says when that is trouble, and CancellationError when cancelled. */
  async run(args: string[], cwd: string, cancelled: vscode.CancellationToken): Promise<Outcome> {
    const command = await this.find();
    this.log.info(`Running ipclint ${args.join(" ")}`);
    const outcome = await finished(
      spawn(command.program, [...command.args, ...args], { cwd, env: this.environment() }),
      cancelled,
    );
    if (cancelled.isCancellationRequested) {
      throw new vscode.CancellationError();
    }
    if (outcome.code > 1) {
      throw new Error(outcome.stderr.trim() || `ipclint ended with ${outcome.code}`);
    }
    return outcome;
  }

  private async search(): Promise<Command> {
    const settings = vscode.workspace.getConfiguration("ipclint");
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
    const wishes = {
      command: settings.get<string[]>("command", []),
      interpreter: settings.get<string>("interpreter", ""),
      bundle: bundled(this.context.extensionPath),
    };
    try {
      return await search(wishes, surroundings(folders));
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}

/** Runs a step with a bar in a notification, in the folder that the user means. Tells what goes wrong. */
export async function withProgress<T>(
  title: string,
  step: (cancelled: vscode.CancellationToken) => Promise<T>,
): Promise<T | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title: `ipclint: ${title}`, cancellable: true };
  try {
    return await vscode.window.withProgress(options, (_, cancelled) => step(cancelled));
  } catch (error) {
    if (!(error instanceof vscode.CancellationError)) {
      void vscode.window.showErrorMessage(`ipclint: ${error instanceof Error ? error.message : String(error)}`);
    }
    return undefined;
  }
}

/** The folder that a command is about: the only one, or the user's choice. */
export async function chosenFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    void vscode.window.showInformationMessage("ipclint: open a folder first; a whole project is checked at once.");
  }
  return folders.length > 1 ? vscode.window.showWorkspaceFolderPick() : folders[0];
}

function finished(child: ReturnType<typeof spawn>, cancelled: vscode.CancellationToken): Promise<Outcome> {
  const stop = cancelled.onCancellationRequested(() => child.kill());
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (piece: Buffer) => stdout.push(piece));
  child.stderr?.on("data", (piece: Buffer) => stderr.push(piece));
  return new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 2, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  }).finally(() => {
    stop.dispose();
  });
}
