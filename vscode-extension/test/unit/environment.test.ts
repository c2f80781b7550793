import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { bundled, environment, surroundings } from "../../src/environment";

test("the package tells which versions it has libraries for", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "bundle-"));
  assert.equal(bundled(root), undefined);
  const server = path.join(root, "dist/server");
  ["cp313", "cp311", "lib"].forEach((name) => fs.mkdirSync(path.join(server, name), { recursive: true }));
  fs.writeFileSync(path.join(server, "launch.py"), "");
  assert.deepEqual(bundled(root)?.versions, [
    [3, 11],
    [3, 13],
  ]);
  fs.rmSync(root, { recursive: true });
});

test("programs that lie in the workspace are not looked for", () => {
  const before = process.env["PATH"];
  process.env["PATH"] = ["/project/.venv/bin", "/project-tools/bin", "/bin"].join(path.delimiter);
  assert.deepEqual(surroundings(["/project"]).path, ["/project-tools/bin", "/bin"]);
  process.env["PATH"] = before;
});

test("a virtual environment that is active is none of the server's", () => {
  process.env["VIRTUAL_ENV"] = "/project/.venv";
  assert.equal(environment({ A: "b" })["VIRTUAL_ENV"], undefined);
  assert.equal(environment({ A: "b" })["A"], "b");
  delete process.env["VIRTUAL_ENV"];
});

test("a program that does not answer has no version", async () => {
  assert.equal(await surroundings([]).version("/nowhere/python"), undefined);
  assert.equal(await surroundings([]).version(process.execPath), undefined);
});
