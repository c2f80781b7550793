// The server's life: found, started, stopped, restarted, and what is said when it cannot be.

import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, State, type LanguageClientOptions } from "vscode-languageclient/node";

import { bundledWheel, ownEnvironment, surroundings } from "./environment";
import { NoServer, search, type Command } from "./search";
import { Status } from "./status";

const SELECTOR = [
  ...["swift", "objective-c", "objective-cpp", "c"].flatMap((language) => [
    { language, scheme: "file" },
    { language, scheme: "untitled" },
  ]),
  { scheme: "file", pattern: "**/*.{plist,entitlements,xcent,xcconfig,pbxproj,m,mm,h}" },
  { scheme: "file", pattern: "**/ipclint.toml" },
];

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly status: Status,
  ) {}

  start(): Promise<void> {
    return this.inTurn(() => this.startNow());
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  dispose(): void {
    void this.stop();
  }

  /** One thing after the other, however fast the user clicks. */
  private inTurn(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step, step);
    return this.queue;
  }

  private async startNow(): Promise<void> {
    if (this.client !== undefined) {
      return;
    }
    this.status.set("starting");
    try {
      const { command, args, how } = await this.find();
      this.log.info(`Starting ${[command, ...args].join(" ")} (${how})`);
      const options = { env: { ...process.env, PYTHONUNBUFFERED: "1" } };
      const client = new LanguageClient("ipclint", "ipclint", { command, args, options }, this.options());
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Stopped && this.client === client) {
          this.status.set("failed", "the server stopped");
        } else if (newState === State.Running) {
          this.status.set("running");
        }
      });
      this.client = client;
      await client.start();
      this.status.set("running", client.initializeResult?.serverInfo?.version);
    } catch (error) {
      this.client = undefined;
      await this.fail(error);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
    this.status.set("stopped");
  }

  private async find(): Promise<Command> {
    const settings = vscode.workspace.getConfiguration("ipclint");
    const wishes = {
      command: settings.get<string[]>("server.command", []),
      interpreter: settings.get<string>("interpreter", ""),
      wheel: bundledWheel(this.context.extensionPath),
    };
    const found = await search(wishes, surroundings());
    if (found.kind === "command") {
      return found.command;
    }
    const title = "ipclint: making an environment for the server";
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      ownEnvironment(found.python, found.wheel, this.context.globalStorageUri.fsPath, (line) => this.log.info(line)),
    );
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: SELECTOR,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      synchronize: { configurationSection: "ipclint" },
      initializationOptions: vscode.workspace.getConfiguration("ipclint"),
    };
  }

  private async fail(error: unknown): Promise<void> {
    const text = error instanceof Error ? error.message : String(error);
    this.log.error(text);
    this.status.set("failed", text);
    const choices = error instanceof NoServer ? ["Install uv", "Open Settings"] : ["Show Log", "Open Settings"];
    const choice = await vscode.window.showErrorMessage(error instanceof NoServer ? text : `The ipclint server did not start: ${text}`, ...choices);
    if (choice === "Install uv") {
      await vscode.env.openExternal(vscode.Uri.parse("https://docs.astral.sh/uv/getting-started/installation/"));
    } else if (choice === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "ipclint");
    } else if (choice === "Show Log") {
      this.log.show();
    }
  }
}
