// The tests in a real editor: those in the extension host, then the way of a user, with the package as it is installed.
//
//   npm run package && npm run test:editor
//
// Pictures land in test/editor/shots; finding.png, fix.png and surface.png of there are those of the README (images/).
// Needs Chromium (CHROMIUM=… or on the PATH) and what test/editor/package.json names, which is installed when missing.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const extension = path.resolve(here, "../..");

if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(`The tests in a real editor take node 24 or later; this is ${process.versions.node}.`);
  process.exit(2);
}
install();
if (process.argv.includes("--install")) process.exit(0);
const { Editor, browserPath } = await import("./editor.mjs");
const { runHostTests } = await import("./host.mjs");
const { runUi } = await import("./ui.mjs");

if (browserPath() === undefined) {
  console.log("The tests in a real editor were left out: there is no Chromium (install it, or name it in CHROMIUM).");
  process.exit(0);
}
const editor = await Editor.start(vsix());
try {
  const sample = path.resolve(extension, "../docs/tour/as-found");
  await twice(async () => {
    const code = await runHostTests(editor, editor.workspace(sample, "Courier"), path.join(extension, "dist/test/host/index.js"));
    if (code !== 0) throw new Error(`tests in the extension host: ${code}`);
  });
  await twice(() => runUi(editor, editor.workspace(sample, "Courier"), path.join(here, "shots")));
} catch (error) {
  console.error(`FAIL ${error.message}`);
  process.exitCode = 1;
} finally {
  await editor.stop();
}

/** Runs something, and once more from the beginning when it fails: a browser on a busy machine loses a key now and then. */
async function twice(attempt) {
  try {
    await attempt();
  } catch (error) {
    console.error(`once more, after: ${error.message}`);
    await attempt();
  }
}

/** What is installed once: code-server and Playwright by the lock file, and code-server's own by its shrinkwrap. */
function install() {
  const vscode = path.join(here, "node_modules/code-server/lib/vscode");
  const npm = (cwd, ...words) =>
    execFileSync("npm", [...words, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd, stdio: "inherit" });
  if (!fs.existsSync(vscode)) npm(here, "ci");
  if (!fs.existsSync(path.join(vscode, "node_modules"))) npm(vscode, "install", "--omit=dev"); // ci refuses its shrinkwrap
}

/** The package that was made last. */
function vsix() {
  const made = fs
    .readdirSync(extension)
    .filter((name) => name.endsWith(".vsix"))
    .map((name) => path.join(extension, name));
  if (made.length === 0) throw new Error("there is no package: npm run package makes one");
  return made.sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)[0];
}
