// This machine, for the search; and environments of our own, in which nothing of the user's shadows what the server needs.

import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import type { Command, Surroundings } from "./search";

const run = promisify(execFile);

export function surroundings(): Surroundings {
  return {
    platform: process.platform,
    home: os.homedir(),
    path: (process.env["PATH"] ?? "").split(path.delimiter),
    isExecutable(file) {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    },
    async version(python) {
      try {
        const { stdout } = await run(python, ["-I", "-c", "import sys; print(*sys.version_info[:2])"], { timeout: 10_000 });
        const [major, minor] = stdout.trim().split(" ").map(Number);
        return major !== undefined && minor !== undefined ? [major, minor] : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** The wheel that travels in the package; undefined in a development build. */
export function bundledWheel(extension: string): string | undefined {
  const folder = path.join(extension, "dist", "server");
  try {
    const name = fs.readdirSync(folder).find((file) => file.startsWith("ipclint-") && file.endsWith(".whl"));
    return name === undefined ? undefined : path.join(folder, name);
  } catch {
    return undefined;
  }
}

/** A server in an environment made of a Python and a wheel, below `storage`; made anew when either changes. */
export async function ownEnvironment(python: string, wheel: string, storage: string, log: (line: string) => void): Promise<Command> {
  const environment = path.join(storage, "environment");
  const executable = path.join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const made = path.join(environment, "made-of.json");
  const wanted = JSON.stringify({ python, wheel, size: fs.statSync(wheel).size });
  if (!fs.existsSync(made) || fs.readFileSync(made, "utf8") !== wanted) {
    log(`Making an environment for the server in ${environment}, with ${python}`);
    fs.rmSync(environment, { recursive: true, force: true });
    await run(python, ["-I", "-m", "venv", environment]);
    await run(executable, ["-I", "-m", "pip", "install", "--disable-pip-version-check", "--quiet", wheel]);
    fs.writeFileSync(made, wanted);
  }
  return { command: executable, args: ["-I", "-m", "ipclint", "server"], how: `the bundled server, run by ${python}` };
}
