// This machine, for the search, and what travels in the package.

import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import type { Bundle, Surroundings, Version } from "./search";

const run = promisify(execFile);
const PATIENCE = 10_000; // milliseconds

/** `workspace` are the open folders: what lies in them is looked at, never run. */
export function surroundings(workspace: readonly string[]): Surroundings {
  const output: Surroundings["output"] = async (program, args) => {
    try {
      return (await run(program, args, { timeout: PATIENCE, cwd: os.homedir(), env: environment() })).stdout;
    } catch {
      return undefined;
    }
  };
  return {
    platform: process.platform,
    home: os.homedir(),
    path: (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => !workspace.some((root) => isInside(folder, root))),
    isExecutable(file) {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    },
    output,
    async version(python) {
      const printed = await output(python, ["-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"]);
      const [major, minor] = (printed ?? "").trim().split(" ").map(Number);
      return major && minor !== undefined ? [major, minor] : undefined;
    },
  };
}

/** The environment of the server and of what the search runs: a virtual environment that is active is none of theirs. */
export function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { VIRTUAL_ENV: _environment, PYTHONHOME: _home, ...rest } = process.env;
  return { ...rest, ...extra };
}

/** The server in the package; undefined in a development build without one. */
export function bundled(extension: string): Bundle | undefined {
  const folder = path.join(extension, "dist", "server");
  const launcher = path.join(folder, "launch.py");
  if (!fs.existsSync(launcher)) {
    return undefined;
  }
  const standalone = path.join(folder, process.platform === "win32" ? "ipclint.exe" : "ipclint");
  const versions = fs.readdirSync(folder).flatMap((name) => versionOf(name));
  return {
    launcher,
    versions: versions.sort(([, a], [, b]) => a - b),
    standalone: fs.existsSync(standalone) ? standalone : undefined,
  };
}

/** `cp312` is [3, 12]. */
function versionOf(folder: string): Version[] {
  const match = /^cp3(\d+)$/.exec(folder);
  return match === null ? [] : [[3, Number(match[1])]];
}

function isInside(folder: string, root: string): boolean {
  const relative = path.relative(root, folder);
  return relative === "" || !(relative.startsWith("..") || path.isAbsolute(relative));
}
