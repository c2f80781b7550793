// How the server is started: which programs are tried, in which order, and what is said when none of them serves.
// Knows nothing of the editor, so that the order can be tested.

import * as path from "node:path";

/** A program with its arguments; `how` says in the log why it was chosen. */
export interface Command {
  command: string;
  args: string[];
  how: string;
}

/** What the search may look at. */
export interface Surroundings {
  platform: NodeJS.Platform;
  home: string;
  /** The folders of the PATH. */
  path: string[];
  isExecutable(file: string): boolean;
  /** The version of a Python, [3, 12]; undefined when it does not answer. */
  version(python: string): Promise<[number, number] | undefined>;
}

export interface Wishes {
  /** The setting `ipclint.server.command`. */
  command: string[];
  /** The setting `ipclint.interpreter`. */
  interpreter: string;
  /** The wheel in the package; undefined in a development build. */
  wheel: string | undefined;
}

/** What to run, or the interpreter that an environment with the wheel is to be made of. */
export type Found = { kind: "command"; command: Command } | { kind: "python"; python: string; wheel: string };

/** Why there is no server, in words for the user. */
export class NoServer extends Error {}

const OLDEST: [number, number] = [3, 11];
const PYTHONS = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

/** Finds a server. Throws NoServer with what to do. */
export async function search(wishes: Wishes, around: Surroundings): Promise<Found> {
  const [program, ...args] = wishes.command;
  if (program !== undefined) {
    return { kind: "command", command: { command: program, args, how: "the setting ipclint.server.command" } };
  }
  if (wishes.interpreter !== "") {
    return byInterpreter(wishes.interpreter, wishes.wheel, around);
  }
  const installed = locate("ipclint", around);
  if (installed !== undefined) {
    return { kind: "command", command: { command: installed, args: ["server"], how: "found on this machine" } };
  }
  if (wishes.wheel !== undefined) {
    const uv = locate("uv", around);
    if (uv !== undefined) {
      const run = ["tool", "run", "--python", ">=3.11", "--from", wishes.wheel, "ipclint", "server"];
      return { kind: "command", command: { command: uv, args: run, how: "the bundled server, run by uv" } };
    }
    for (const name of PYTHONS) {
      const python = locate(name, around);
      if (python !== undefined && isRecent(await around.version(python))) {
        return { kind: "python", python, wheel: wishes.wheel };
      }
    }
  }
  throw new NoServer(
    "ipclint needs uv or Python 3.11 to run its server, and found neither. Install uv, or `ipclint` itself by " +
      "`uv tool install ipclint`, or name a Python in the setting ipclint.interpreter.",
  );
}

async function byInterpreter(python: string, wheel: string | undefined, around: Surroundings): Promise<Found> {
  const version = await around.version(python);
  if (version === undefined) {
    throw new NoServer(`The setting ipclint.interpreter names ${python}, which does not answer as a Python.`);
  }
  if (!isRecent(version)) {
    throw new NoServer(
      `The setting ipclint.interpreter names ${python}, which is Python ${version.join(".")}; it takes ${OLDEST.join(".")}.`,
    );
  }
  if (wheel !== undefined) {
    return { kind: "python", python, wheel };
  }
  const command = { command: python, args: ["-m", "ipclint", "server"], how: "the setting ipclint.interpreter" };
  return { kind: "command", command };
}

function isRecent(version: [number, number] | undefined): boolean {
  return version !== undefined && (version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1]));
}

/** The path of a program: on the PATH, or where installers put it, which an editor started from the Dock does not see. */
export function locate(name: string, around: Surroundings): string | undefined {
  const file = around.platform === "win32" ? `${name}.exe` : name;
  const usual = [path.join(around.home, ".local", "bin"), path.join(around.home, ".cargo", "bin")];
  const system = around.platform === "win32" ? [] : ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"];
  return [...around.path, ...usual, ...system]
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, file))
    .find((candidate) => around.isExecutable(candidate));
}
