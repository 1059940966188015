import assert from "node:assert/strict";
import { test } from "node:test";
import { patchBetween, patched } from "./merge-patch.ts";

const before = { same: { deep: [1, 2] }, gone: 1, changed: { kept: "a", list: [1], gone: {} }, mapping: { a: 1 } };
const after = { same: { deep: [1, 2] }, changed: { kept: "a", list: [2], made: { b: [] } }, mapping: "text", made: 0 };

test("a patch says only what differs", () => {
  assert.deepEqual(patchBetween(before, after), {
    gone: null,
    changed: { list: [2], gone: null, made: { b: [] } },
    mapping: "text",
    made: 0,
  });
  assert.deepEqual(patchBetween(before, before), {});
});

test("a patch laid over the one document makes the other, and leaves the first as it was", () => {
  const untouched = structuredClone(before);
  assert.deepEqual(patched(before, patchBetween(before, after)), after);
  assert.deepEqual(patched(after, patchBetween(after, before)), before);
  assert.deepEqual(before, untouched);
});
