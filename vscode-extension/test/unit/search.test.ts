import assert from "node:assert/strict";
import { test } from "node:test";

import { NoServer, locate, search, type Bundle, type Surroundings, type Version, type Wishes } from "../../src/search";

const LAUNCHER = "/extension/dist/server/launch.py";
const BUNDLE: Bundle = {
  standalone: undefined,
  launcher: LAUNCHER,
  versions: [
    [3, 11],
    [3, 12],
    [3, 13],
    [3, 14],
  ],
};

/** A machine with these programs; Pythons by their version; what uv answers when asked for one. */
function machine(programs: string[], versions: Record<string, Version> = {}, uv?: string): Surroundings {
  return {
    platform: "darwin",
    home: "/Users/me",
    path: ["/bin", "relative"],
    isExecutable: (file) => programs.includes(file),
    version: (python) => Promise.resolve(versions[python]),
    output: () => Promise.resolve(uv),
  };
}

function wishes(given: Partial<Wishes> = {}): Wishes {
  return { command: [], interpreter: "", bundle: BUNDLE, ...given };
}

async function line(wished: Wishes, around: Surroundings): Promise<string> {
  const { program, args } = await search(wished, around);
  return [program, ...args].join(" ");
}

test("the setting for the command comes first", async () => {
  assert.equal(await line(wishes({ command: ["x", "y"], interpreter: "z" }), machine(["/bin/uv"])), "x y");
});

test("then the interpreter of the setting, isolated from all that it has installed", async () => {
  const around = machine(["/bin/uv"], { "/opt/python": [3, 12] });
  assert.equal(await line(wishes({ interpreter: "/opt/python" }), around), `/opt/python -I -S -X utf8 ${LAUNCHER}`);
});

test("then an executable in the package", async () => {
  const bundle = { ...BUNDLE, standalone: "/extension/dist/server/ipclint" };
  assert.equal(await line(wishes({ bundle }), machine(["/bin/uv"])), "/extension/dist/server/ipclint");
});

test("then a Python that uv knows, also where the Dock does not look for uv", async () => {
  const around = machine(["/opt/homebrew/bin/uv", "/bin/python3"], { "/found": [3, 13], "/bin/python3": [3, 12] }, "/found\n");
  assert.equal(await line(wishes(), around), `/found -I -S -X utf8 ${LAUNCHER}`);
});

test("then one that uv fetches", async () => {
  const expected = `/bin/uv run --no-project --no-config --python >=3.11,<3.15 -- python -I -S -X utf8 ${LAUNCHER}`;
  assert.equal(await line(wishes(), machine(["/bin/uv"])), expected);
  assert.equal(await line(wishes(), machine(["/bin/uv"], { "/old": [3, 9] }, "/old")), expected);
});

test("then the first Python of a version that the package has libraries for", async () => {
  const versions: Record<string, Version> = { "/bin/python3": [3, 9], "/usr/local/bin/python3": [3, 12], "/bin/python": [3, 15] };
  assert.equal(
    await line(wishes(), machine(Object.keys(versions), versions)),
    `/usr/local/bin/python3 -I -S -X utf8 ${LAUNCHER}`,
  );
});

test("an ipclint that is installed comes last, and serves where the package has no server", async () => {
  const around = machine(["/Users/me/.local/bin/ipclint", "/bin/python3"], { "/bin/python3": [3, 12] });
  assert.equal(await line(wishes(), around), `/bin/python3 -I -S -X utf8 ${LAUNCHER}`);
  assert.equal(await line(wishes({ bundle: undefined }), around), "/Users/me/.local/bin/ipclint");
});

test("a Mac as it comes has none, and the user is told what to do", async () => {
  const mac = machine(["/usr/bin/python3"], { "/usr/bin/python3": [3, 9] });
  await assert.rejects(search(wishes(), mac), (error: Error) => {
    assert.ok(error instanceof NoServer);
    assert.match(error.message, /Python 3\.11 to 3\.14, and this machine has none \(macOS brings 3\.9\)\. Install uv/);
    return true;
  });
});

test("an interpreter that was chosen and does not serve is named", async () => {
  const around = machine([], { "/old": [3, 10], "/new": [3, 15] });
  await assert.rejects(search(wishes({ interpreter: "/old" }), around), /\/old, which is Python 3\.10; it takes 3\.11 to 3\.14/);
  await assert.rejects(search(wishes({ interpreter: "/new" }), around), /\/new, which is Python 3\.15/);
  await assert.rejects(search(wishes({ interpreter: "/none" }), around), /\/none, which does not answer/);
});

test("a folder of the PATH that is relative is not looked into", () => {
  assert.equal(locate("ipclint", machine(["relative/ipclint"])), undefined);
});
