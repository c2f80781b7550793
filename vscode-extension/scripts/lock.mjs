// Pins what travels with the server: every package that server/requirements.in leads to, on every platform, by its hash.
//
//   npm run lock                          writes server/requirements.txt
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

import { choosing, PLATFORMS, PYTHONS } from "./platforms.mjs";

const python = process.env.PYTHON ?? "python3";
const found = new Map();

for (const platform of Object.keys(PLATFORMS)) {
  for (const version of PYTHONS) {
    const options = ["--quiet", "--dry-run", "--ignore-installed", "--target", "nowhere", "--report", "-"];
    const arguments_ = ["-m", "pip", "install", ...options, ...choosing(platform, version), "-r", "server/requirements.in"];
    const report = JSON.parse(execFileSync(python, arguments_, { maxBuffer: 1 << 28 }));
    for (const { metadata, download_info: download } of report.install) {
      const name = `${metadata.name.toLowerCase().replaceAll("_", "-")}==${metadata.version}`;
      if (!found.has(name)) found.set(name, new Set());
      found.get(name).add(download.archive_info.hashes.sha256);
    }
  }
}

const lines = [...found.keys()].sort().map((name) => {
  const hashes = [...found.get(name)].sort().map((hash) => `    --hash=sha256:${hash}`);
  return [name, ...hashes].join(" \\\n");
});
const head = "# Written by `npm run lock` from requirements.in, for every platform and Python that there is a package for.\n";
writeFileSync("server/requirements.txt", head + lines.join("\n") + "\n");
console.log(`${found.size} packages pinned from ${readFileSync("server/requirements.in", "utf8").match(/==/g).length}`);
