// Puts the server for one platform into dist/server: ipclint as this repository has it, with its rules, and what it needs.
//
//   npm run bundle -- [--target linux-x64] [--python 3.12 …] [--standalone FILE]
//
// Every Python loads `lib`; what is compiled for one version lies in `cp311`, `cp312`, … With --standalone an executable
// that needs no Python lies beside them and is started before all else.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";

import { choosing, here, PLATFORMS, PYTHONS } from "./platforms.mjs";

const { values: options } = parseArgs({
  options: {
    target: { type: "string", default: here },
    python: { type: "string", multiple: true, default: PYTHONS },
    standalone: { type: "string" },
  },
});
if (!(options.target in PLATFORMS)) {
  console.error(`There is no package for ${options.target}; choose one of ${Object.keys(PLATFORMS).join(", ")}.`);
  process.exit(2);
}

const python = process.env.PYTHON ?? "python3";
const out = "dist/server";
const pip = (...words) =>
  execFileSync(python, ["-m", "pip", "--quiet", "--disable-pip-version-check", ...words], { stdio: "inherit" });

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
pip("wheel", "--no-deps", "--wheel-dir", `${out}/wheel`, "..");
const [wheel] = readdirSync(`${out}/wheel`);
for (const version of options.python) {
  const target = [
    "--target",
    `${out}/cp${version.replace(".", "")}`,
    "--no-compile",
    "--no-deps",
    ...choosing(options.target, version),
  ];
  pip("install", ...target, "--require-hashes", "-r", "server/requirements.txt");
}
pip("install", "--target", `${out}/lib`, "--no-compile", "--no-deps", `${out}/wheel/${wheel}`);
rmSync(`${out}/wheel`, { recursive: true });
shareEqual();
copyFileSync("server/launch.py", `${out}/launch.py`);
if (options.standalone !== undefined) {
  const file = `${out}/ipclint${options.target.startsWith("win32") ? ".exe" : ""}`;
  copyFileSync(options.standalone, file);
  chmodSync(file, 0o755);
}

/** Moves every package that is the same for all versions into `lib`, and takes out what nobody imports. */
function shareEqual() {
  const folders = readdirSync(out)
    .filter((name) => name.startsWith("cp"))
    .map((name) => `${out}/${name}`);
  const [first, ...others] = folders;
  for (const folder of [...folders, `${out}/lib`]) rmSync(`${folder}/bin`, { recursive: true, force: true });
  for (const name of readdirSync(first)) {
    const same = others.every(
      (other) => existsSync(`${other}/${name}`) && digest(`${other}/${name}`) === digest(`${first}/${name}`),
    );
    const compiled = others.length === 0 && filesOf(`${first}/${name}`).some((file) => /\.(so|pyd)$/.test(file));
    if (!same || compiled) continue;
    renameSync(`${first}/${name}`, `${out}/lib/${name}`);
    for (const other of others) rmSync(`${other}/${name}`, { recursive: true });
  }
}

function filesOf(place) {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place)
    .sort()
    .flatMap((name) => filesOf(path.join(place, name)));
}

function digest(place) {
  const hash = createHash("sha256");
  for (const file of filesOf(place)) hash.update(path.relative(place, file)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}
