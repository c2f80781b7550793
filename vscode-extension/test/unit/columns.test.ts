import assert from "node:assert/strict";
import { test } from "node:test";

import { endpointsOf, parseSurface, type Channel, type Endpoint, type State, type Surface } from "../../src/surface/model";
import { columns, nameOf } from "../../src/webview/columns";

function surface(targets: string[], channels: [string, string][], outside: Surface["outside"] = []): Surface {
  const target = (name: string) => ({ id: name, name, kind: "", bundle_id: "", privileged: false, sandboxed: null });
  const channel = ([source, to]: [string, string]): Channel => ({
    source,
    target: to,
    from_endpoint: "",
    to_endpoint: "",
    state: "open",
    both: false,
  });
  return { version: 1, name: "demo", targets: targets.map(target), outside, endpoints: [], channels: channels.map(channel) };
}

const names = (map: Surface) => columns(map).map((column) => column.map(nameOf));

test("who begins stands left of who is reached", () => {
  assert.deepEqual(
    names(
      surface(
        ["helper", "app", "service"],
        [
          ["app", "helper"],
          ["helper", "service"],
        ],
      ),
    ),
    [["app"], ["helper"], ["service"]],
  );
});

test("a ring of programs has columns, too", () => {
  assert.deepEqual(
    names(
      surface(
        ["a", "b"],
        [
          ["a", "b"],
          ["b", "a"],
        ],
      ),
    )
      .flat()
      .sort(),
    ["a", "b"],
  );
});

test("actors stand left of what they reach, places right of their users, and who takes no part nowhere", () => {
  const outside: Surface["outside"] = [
    { id: "group", name: "group", kind: "place" },
    { id: "anyone", name: "anyone", kind: "actor" },
    { id: "unused", name: "unused", kind: "service" },
  ];
  assert.deepEqual(
    names(
      surface(
        ["app", "idle"],
        [
          ["anyone", "app"],
          ["app", "group"],
        ],
        outside,
      ),
    ),
    [["anyone"], ["app"], ["group"]],
  );
  const helper: [string, string][] = [
    ["anyone", "helper"],
    ["app", "helper"],
    ["app", "group"],
  ];
  assert.deepEqual(names(surface(["app", "helper"], helper, outside)), [
    ["anyone", "app"],
    ["helper", "group"],
  ]);
});

test("lines to the next column cross seldom", () => {
  const map = surface(
    ["x", "y", "b", "a"],
    [
      ["x", "b"],
      ["y", "a"],
    ],
  );
  assert.deepEqual(names(map), [
    ["x", "y"],
    ["b", "a"],
  ]);
});

test("the gravest endpoint comes first", () => {
  const endpoint = (name: string, state: State) =>
    ({ id: name, name, targets: ["app"], authentication: { state } }) as unknown as Endpoint;
  const map = { ...surface(["app"], []), endpoints: [endpoint("a", "verified"), endpoint("b", "open"), endpoint("c", "weak")] };
  assert.deepEqual(
    endpointsOf(map, "app").map(({ name }) => name),
    ["b", "c", "a"],
  );
});

test("a map of another version is not taken", () => {
  assert.throws(() => parseSurface({ version: 2 }), /version 2, and this extension reads 1/);
  assert.throws(() => parseSurface(null), /version undefined/);
});
