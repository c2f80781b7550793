import assert from "node:assert/strict";
import { test } from "node:test";

import { names, withBaseline } from "../../src/configuration";

test("a baseline is named at the head, before any table", () => {
  assert.equal(
    withBaseline('profile = "strict"\n\n[severity]\nxpc = "high"\n').split("\n")[0],
    'baseline = "ipclint-baseline.json"',
  );
  assert.ok(names(withBaseline("")));
});

test("a configuration that has one is left alone", () => {
  assert.ok(names('profile = "strict"\n  baseline="b.json"\n'));
  assert.ok(!names("# baseline\n"));
});
