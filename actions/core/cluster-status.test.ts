import assert from "node:assert/strict";
import { test } from "node:test";
import { statusOf } from "./cluster.ts";

test("an answer has a status, a call that was aborted or did not connect has none", () => {
  assert.equal(statusOf(Object.assign(new Error("no"), { code: 404 })), 404);
  assert.equal(statusOf(new DOMException("aborted", "TimeoutError")), undefined);
  assert.equal(statusOf(Object.assign(new Error("refused"), { code: "ECONNREFUSED" })), undefined);
});
