// A real VS Code for the tests: code-server's, in headless Chromium, with fresh folders, thrown away afterwards.
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const vscode = path.join(here, "node_modules/code-server/lib/vscode");

const SETTINGS = {
  "security.workspace.trust.enabled": false,
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "files.hotExit": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
};

export class Editor {
  /** Installs the package and starts; `settings` come on top of those that keep the editor quiet. */
  static async start(vsix, settings = {}) {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "ipclint-editor-"));
    const places = { user: `${scratch}/user`, extensions: `${scratch}/extensions`, server: `${scratch}/server` };
    for (const folder of [`${places.user}/User`, `${places.server}/data/Machine`]) {
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(`${folder}/settings.json`, JSON.stringify({ ...SETTINGS, ...settings }));
    }
    const folders = ["--user-data-dir", places.user, "--extensions-dir", places.extensions, "--server-data-dir", places.server];
    const main = [
      path.join(vscode, "out/server-main.js"),
      ...folders,
      "--accept-server-license-terms",
      "--telemetry-level",
      "off",
    ];
    execFileSync(process.execPath, [...main, "--install-extension", vsix], { stdio: "pipe" });
    const port = await freePort();
    const address = ["--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--enable-smoke-test-driver"];
    const log = fs.openSync(`${scratch}/server.log`, "w");
    const server = spawn(process.execPath, [...main, ...address], { stdio: ["ignore", log, log] });
    const editor = new Editor(
      scratch,
      port,
      server,
      `${places.extensions}/${fs.readdirSync(places.extensions).find((name) => name.startsWith("ipclint."))}`,
    );
    await editor.answers();
    editor.browser = await chromium.launch({ executablePath: browserPath(), headless: true, args: BROWSER });
    return editor;
  }

  constructor(scratch, port, server, extension) {
    Object.assign(this, { scratch, port, server, extension, origin: `127.0.0.1:${port}` });
  }

  /** A copy of a folder to work in, under a name. */
  workspace(source, name) {
    const copy = path.join(fs.mkdtempSync(path.join(this.scratch, "workspace-")), name);
    fs.cpSync(source, copy, { recursive: true });
    return copy;
  }

  /** A window on a folder, with a profile of its own; `payload` are the workbench's options. */
  async open(folder, payload = [], prepare = async () => {}) {
    const page = await (await this.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await prepare(page);
    const query = payload.length > 0 ? `&payload=${encodeURIComponent(JSON.stringify(payload))}` : "";
    await page.goto(`http://${this.origin}/?folder=${folder}${query}`);
    await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
    return page;
  }

  async stop() {
    await this.browser?.close();
    this.server.kill();
    await new Promise((resolve) => (this.server.exitCode === null ? this.server.once("exit", resolve) : resolve()));
    fs.rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5 });
  }

  async answers() {
    for (let tries = 0; tries < 150; tries++) {
      try {
        if ((await fetch(`http://${this.origin}/version`)).ok) return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    throw new Error(`VS Code does not answer:\n${fs.readFileSync(`${this.scratch}/server.log`, "utf8")}`);
  }
}

const BROWSER = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
];

/** Chromium's program; undefined when there is none. */
export function browserPath() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => fs.existsSync(file));
  return process.env.CHROMIUM ?? found;
}

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
