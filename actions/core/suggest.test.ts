import assert from "node:assert/strict";
import { test } from "node:test";
import { distance, suggest } from "./suggest.ts";

test("the distance counts insertions, deletions, replacements and swaps", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["timeout", "timeout", 0],
    ["timeuot", "timeout", 1],
    ["timeot", "timeout", 1],
    ["timeoutt", "timeout", 1],
    ["kitten", "sitting", 3],
  ];
  for (const [left, right, steps] of cases) {
    assert.equal(distance(left, right), steps, `${left} ${right}`);
    assert.equal(distance(right, left), steps, `${right} ${left}`);
  }
});

test("the nearest candidate is suggested, and none when all are far", () => {
  const names = ["environment", "manifest", "timeout", "tags"];
  assert.equal(suggest("enviroment", names), "environment");
  assert.equal(suggest("MANIFSET", names), "manifest");
  assert.equal(suggest("tag", names), "tags");
  assert.equal(suggest("registry", names), undefined);
  assert.equal(suggest("x", names), undefined);
});
