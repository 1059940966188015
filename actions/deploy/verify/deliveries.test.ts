import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeDelivery } from "./deliveries.ts";

const type = "secrets.infisical.com/ReadyToSyncSecrets";
const judged = (conditions: readonly { type: string; status: string; message?: string }[], waited = 0) =>
  judgeDelivery("InfisicalSecret web", { status: { conditions } }, waited);

test("a request has passed when the operator says so, and is wrong when it says it failed", () => {
  assert.equal(judged([{ type, status: "True" }]).state, "passed");
  const failed = judged([{ type, status: "False", message: "Error: 403" }]);
  assert.deepEqual(failed, { state: "wrong", said: "Infisical's operator cannot do InfisicalSecret web: Error: 403" });
});

test("a request that nobody answers is open, and after a while no more looked at", () => {
  assert.deepEqual(
    [judged([], 1_000), judged([], 60_000)].map((finding) => "final" in finding && finding.final),
    [false, true],
  );
  assert.equal(judged([], 60_000).state, "unknown");
});
