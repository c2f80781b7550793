// The server's life: started, stopped, restarted, and what is said when it cannot be.

import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, State, type LanguageClientOptions } from "vscode-languageclient/node";

import type { Ipclint } from "./ipclint";
import { references } from "./references";
import { NoServer } from "./search";
import type { Status } from "./status";

const SELECTOR = [
  ...["swift", "objective-c", "objective-cpp", "c"].flatMap((language) => [
    { language, scheme: "file" },
    { language, scheme: "untitled" },
  ]),
  { scheme: "file", pattern: "**/*.{plist,entitlements,xcent,xcconfig,pbxproj,m,mm,h}" },
  { scheme: "file", pattern: "**/ipclint.toml" },
];

const INSTALL_UV = vscode.Uri.parse("https://docs.astral.sh/uv/getting-started/installation/");

export class Server implements vscode.Disposable {
  private readonly started = new vscode.EventEmitter<void>();
  /** A server runs that did not before. */
  readonly onDidStart = this.started.event;
  private running: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly ipclint: Ipclint,
    private readonly log: vscode.LogOutputChannel,
    private readonly status: Status,
  ) {}

  /** The client of the server that runs; undefined when none does. */
  get client(): LanguageClient | undefined {
    return this.running?.state === State.Running ? this.running : undefined;
  }

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
    this.started.dispose();
    void this.stop();
  }

  /** One thing after the other, however fast the user clicks. */
  private inTurn(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step, step);
    return this.queue;
  }

  private async startNow(): Promise<void> {
    if (this.running !== undefined) {
      return;
    }
    this.status.set("starting");
    try {
      const { program, args, how } = await this.ipclint.find();
      this.log.info(`Starting ${[program, ...args, "server"].join(" ")} (${how})`);
      const run = { command: program, args: [...args, "server"], options: { env: this.ipclint.environment() } };
      const client = new LanguageClient("ipclint", "ipclint", run, this.options());
      client.registerFeature(references);
      client.onDidChangeState(({ newState }) => this.changed(client, newState));
      this.running = client;
      await client.start();
      this.status.set("running", client.initializeResult?.serverInfo?.version);
      this.started.fire();
    } catch (error) {
      this.running = undefined;
      this.fail(error);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.running;
    this.running = undefined;
    this.ipclint.forget();
    await client?.dispose();
    this.status.set("stopped");
  }

  private changed(client: LanguageClient, state: State): void {
    if (client !== this.running) {
      return;
    }
    if (state === State.Stopped) {
      this.status.set("failed", "the server stopped");
    } else if (state === State.Running) {
      this.status.set("running", client.initializeResult?.serverInfo?.version);
    }
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: SELECTOR,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // The server asks for the settings itself, but is told of a change only so.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      synchronize: { configurationSection: "ipclint" },
      initializationOptions: vscode.workspace.getConfiguration("ipclint"),
    };
  }

  private fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.log.error(text);
    this.status.set("failed", text);
    void (error instanceof NoServer ? sayNoServer(text) : saySilent(text, this.log));
  }
}

async function sayNoServer(text: string): Promise<void> {
  const choice = await vscode.window.showErrorMessage(text, "How to install uv", "Open Settings", "Try Again");
  if (choice === "How to install uv") {
    await vscode.env.openExternal(INSTALL_UV);
  } else if (choice === "Open Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:ipclint.ipclint");
  } else if (choice === "Try Again") {
    await vscode.commands.executeCommand("ipclint.restart");
  }
}

async function saySilent(text: string, log: vscode.LogOutputChannel): Promise<void> {
  const choice = await vscode.window.showErrorMessage(`The ipclint server did not start: ${text}`, "Show Log", "Open Settings");
  if (choice === "Show Log") {
    log.show();
  } else if (choice === "Open Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:ipclint.ipclint");
  }
}
