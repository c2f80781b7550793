// Makes one platform's package from a fresh clone: script, server, .vsix.
//
//   npm ci && npm run package -- [--target darwin-arm64] [options of bundle.mjs]
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { here } from "./platforms.mjs";

const given = process.argv.slice(2);
const { values } = parseArgs({ args: given, strict: false, options: { target: { type: "string", default: here } } });
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const run = (script, ...words) => execFileSync(process.execPath, [script, ...words], { stdio: "inherit" });

run("scripts/build.mjs");
run("scripts/bundle.mjs", ...given);
copyFileSync("../LICENSE", "LICENSE");
const file = `ipclint-${values.target}-${version}.vsix`;
const options = [
  "--no-dependencies",
  "--allow-missing-repository",
  "--no-rewrite-relative-links",
  "--target",
  values.target,
  "--out",
  file,
];
execFileSync(process.execPath, ["node_modules/@vscode/vsce/vsce", "package", ...options], { stdio: "pipe" });
console.log(`Packaged ${file}`);
