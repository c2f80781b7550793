import assert from "node:assert/strict";
import { test } from "node:test";

import { NoServer, locate, search, type Surroundings, type Wishes } from "../src/search";

const WHEEL = "/extension/dist/server/ipclint-0.1.0-py3-none-any.whl";

/** A machine with these programs; Pythons by their version. */
function machine(programs: string[], versions: Record<string, [number, number]> = {}): Surroundings {
  return {
    platform: "darwin",
    home: "/Users/me",
    path: ["/bin", "relative"],
    isExecutable: (file) => programs.includes(file),
    version: async (python) => versions[python],
  };
}

function wishes(given: Partial<Wishes> = {}): Wishes {
  return { command: [], interpreter: "", wheel: WHEEL, ...given };
}

test("the setting for the command comes first", async () => {
  const found = await search(wishes({ command: ["x", "y"], interpreter: "z" }), machine(["/bin/ipclint"]));
  assert.deepEqual(found.kind === "command" && [found.command.command, found.command.args], ["x", ["y"]]);
});

test("then an installed ipclint, also where the Dock does not look", async () => {
  const found = await search(wishes(), machine(["/Users/me/.local/bin/ipclint", "/bin/uv"]));
  assert.equal(found.kind === "command" && found.command.command, "/Users/me/.local/bin/ipclint");
});

test("then the bundled server, by uv", async () => {
  const found = await search(wishes(), machine(["/opt/homebrew/bin/uv", "/bin/python3"], { "/bin/python3": [3, 12] }));
  assert.ok(found.kind === "command" && found.command.command === "/opt/homebrew/bin/uv");
  assert.ok(found.command.args.includes(WHEEL));
});

test("then the bundled server, by the first Python that is recent enough", async () => {
  const programs = ["/usr/bin/python3", "/bin/python3.12"];
  const versions: Record<string, [number, number]> = { "/usr/bin/python3": [3, 9], "/bin/python3.12": [3, 12] };
  assert.deepEqual(await search(wishes(), machine(programs, versions)), {
    kind: "python",
    python: "/bin/python3.12",
    wheel: WHEEL,
  });
});

test("a Mac as it comes has none, and the user is told what to do", async () => {
  const mac = machine(["/usr/bin/python3"], { "/usr/bin/python3": [3, 9] });
  await assert.rejects(search(wishes(), mac), (error: Error) => error instanceof NoServer && /uv/.test(error.message));
});

test("an interpreter that was chosen and does not serve is named", async () => {
  const old = machine([], { "/old": [3, 10] });
  await assert.rejects(search(wishes({ interpreter: "/old" }), old), /\/old, which is Python 3\.10/);
  await assert.rejects(search(wishes({ interpreter: "/none" }), old), /\/none, which does not answer/);
});

test("a folder of the PATH that is relative is not looked into", () => {
  assert.equal(locate("ipclint", machine(["relative/ipclint"])), undefined);
});
