import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application } from "../validate/application.ts";
import { stopOrder } from "./order.ts";

/** Components of which only the order counts. */
function components(after: Readonly<Record<string, readonly string[]>>): Application["components"] {
  return Object.fromEntries(Object.entries(after).map(([key, names]) => [key, { after: names }])) as never;
}

test("what comes after another goes before it, and the rest side by side", () => {
  const system = components({
    database: [],
    cache: [],
    api: ["database", "cache"],
    worker: ["database"],
    site: ["api"],
  });
  assert.deepEqual(stopOrder(system), [["worker", "site"], ["api"], ["database", "cache"]]);
});

test("a name that is not deployed, and a circle, do not keep anything running", () => {
  assert.deepEqual(stopOrder(components({ api: ["gone"] })), [["api"]]);
  assert.deepEqual(stopOrder(components({ one: ["other"], other: ["one"], own: ["own"] })), [
    ["own"],
    ["one", "other"],
  ]);
});
