// How ipclint is started: which programs are tried, in which order, and what is said when none of them serves.
// Knows nothing of the editor, so that the order can be tested.

import * as path from "node:path";

/** A program with the arguments that `server`, `check` or another command of ipclint follows; `how` is for the log. */
export interface Command {
  program: string;
  args: string[];
  how: string;
}

/** What travels in the package. */
export interface Bundle {
  /** An executable that needs no Python. */
  standalone: string | undefined;
  /** The script that starts the server out of sight of everything that a Python has installed. */
  launcher: string;
  /** The versions that its libraries are for, [[3, 11], [3, 12]]. */
  versions: Version[];
}

export type Version = [number, number];

/** What the search may look at. */
export interface Surroundings {
  platform: NodeJS.Platform;
  home: string;
  /** The folders of the PATH, without those of the workspace. */
  path: string[];
  isExecutable(file: string): boolean;
  /** The version of a Python, [3, 12]; undefined when it does not answer. */
  version(python: string): Promise<Version | undefined>;
  /** What a program prints; undefined when it fails. */
  output(program: string, args: string[]): Promise<string | undefined>;
}

export interface Wishes {
  /** The setting `ipclint.command`. */
  command: string[];
  /** The setting `ipclint.interpreter`. */
  interpreter: string;
  /** Undefined in a development build. */
  bundle: Bundle | undefined;
}

/** Why there is no server, in words for the user. */
export class NoServer extends Error {}

const OLDEST: Version = [3, 11];
const ISOLATED = ["-I", "-S", "-X", "utf8"];
const USUAL = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

/** Finds a way to start ipclint. Throws NoServer with what to do. */
export async function search(wishes: Wishes, around: Surroundings): Promise<Command> {
  const [program, ...args] = wishes.command;
  if (program !== undefined) {
    return { program, args, how: "the setting ipclint.command" };
  }
  const { bundle } = wishes;
  if (wishes.interpreter !== "") {
    return byInterpreter(wishes.interpreter, bundle, around);
  }
  if (bundle?.standalone !== undefined) {
    return { program: bundle.standalone, args: [], how: "the executable in the package" };
  }
  const bundled = bundle && ((await byUv(bundle, around)) ?? (await byPython(bundle, around)));
  if (bundled !== undefined) {
    return bundled;
  }
  const installed = locate("ipclint", around);
  if (installed !== undefined) {
    return { program: installed, args: [], how: "installed on this machine" };
  }
  throw new NoServer(
    `ipclint runs on Python ${span(bundle)}, and this machine has none${around.platform === "darwin" ? " (macOS brings 3.9)" : ""}. ` +
      "Install uv, which brings a Python of its own, or Python itself, or name one in the setting ipclint.interpreter.",
  );
}

async function byInterpreter(python: string, bundle: Bundle | undefined, around: Surroundings): Promise<Command> {
  const version = await around.version(python);
  if (version === undefined) {
    throw new NoServer(`The setting ipclint.interpreter names ${python}, which does not answer as a Python.`);
  }
  if (bundle === undefined) {
    return { program: python, args: ["-m", "ipclint"], how: "the setting ipclint.interpreter, with ipclint as it has it" };
  }
  if (!serves(version, bundle)) {
    throw new NoServer(
      `The setting ipclint.interpreter names ${python}, which is Python ${version.join(".")}; it takes ${span(bundle)}.`,
    );
  }
  return isolated(python, bundle, "the setting ipclint.interpreter");
}

/** By uv: with a Python that it knows, or with one that it fetches. */
async function byUv(bundle: Bundle, around: Surroundings): Promise<Command | undefined> {
  const uv = locate("uv", around);
  if (uv === undefined) {
    return undefined;
  }
  const request = requested(bundle);
  const alone = ["--no-project", "--no-config"];
  const python = (await around.output(uv, ["python", "find", ...alone, "--no-python-downloads", request]))?.trim();
  if (python !== undefined && path.isAbsolute(python) && serves(await around.version(python), bundle)) {
    return isolated(python, bundle, "a Python that uv found");
  }
  const run = ["run", ...alone, "--python", request, "--", "python", ...ISOLATED, bundle.launcher];
  return { program: uv, args: run, how: "a Python that uv fetches" };
}

async function byPython(bundle: Bundle, around: Surroundings): Promise<Command | undefined> {
  for (const name of USUAL) {
    for (const python of locateAll(name, around)) {
      if (serves(await around.version(python), bundle)) {
        return isolated(python, bundle, "found on this machine");
      }
    }
  }
  return undefined;
}

function isolated(python: string, bundle: Bundle, how: string): Command {
  return { program: python, args: [...ISOLATED, bundle.launcher], how };
}

function serves(version: Version | undefined, bundle: Bundle): boolean {
  return version !== undefined && bundle.versions.some(([major, minor]) => major === version[0] && minor === version[1]);
}

/** What uv is asked for, `>=3.11,<3.15`. */
function requested({ versions }: Bundle): string {
  const [major, minor] = versions.at(-1) ?? OLDEST;
  return `>=${(versions[0] ?? OLDEST).join(".")},<${major}.${minor + 1}`;
}

function span(bundle: Bundle | undefined): string {
  const first = (bundle?.versions[0] ?? OLDEST).join(".");
  const last = bundle?.versions.at(-1)?.join(".") ?? first;
  return first === last ? first : `${first} to ${last}`;
}

/** The path of a program: on the PATH, or where installers put it, which an editor started from the Dock does not see. */
export function locate(name: string, around: Surroundings): string | undefined {
  return locateAll(name, around)[0];
}

function locateAll(name: string, around: Surroundings): string[] {
  const file = around.platform === "win32" ? `${name}.exe` : name;
  const usual = [path.join(around.home, ".local", "bin"), path.join(around.home, ".cargo", "bin")];
  const system = around.platform === "win32" ? [] : ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"];
  const folders = [...around.path, ...usual, ...system].filter((folder) => path.isAbsolute(folder));
  return [...new Set(folders)].map((folder) => path.join(folder, file)).filter((candidate) => around.isExecutable(candidate));
}
