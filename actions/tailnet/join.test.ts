import assert from "node:assert/strict";
import { test } from "node:test";
import { machineName } from "./join.ts";

const run = (repository: string, id = "123456789012", attempt = 2) =>
  ({ repository, id, attempt }) as Parameters<typeof machineName>[0];

test("a machine is named after repository, run and attempt", () => {
  assert.equal(machineName(run("Acme/Web.Shop")), "web-shop-123456789012-2");
});

test("a long name keeps its end, which tells runs apart", () => {
  const name = machineName(run(`acme/${"long-name-".repeat(10)}`));
  assert.ok(name.length <= 63);
  assert.match(name, /^long-name-.*[a-z0-9]-123456789012-2$/);
});

test("outside of a workflow there is still a name", () => {
  assert.equal(machineName(run("", "", 1)), "fairlead-local-1");
  assert.equal(machineName(run("acme/___", "5", 1)), "fairlead-5-1");
});
