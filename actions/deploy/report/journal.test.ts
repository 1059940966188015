import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError } from "../../core/errors.ts";
import { createJournal } from "./journal.ts";

test("a stage that gives something that has failed is shown as failed", async () => {
  const journal = createJournal();
  const rolledBack = { reason: "it crashed" };
  const value = await journal.stage(
    "deploy",
    async () => rolledBack,
    ({ reason }) => reason !== "",
  );
  assert.equal(value, rolledBack);
  assert.equal(journal.stages[0]?.result, "failed");
});

test("a stage that throws has failed, and one of a cancelled job was stopped", async () => {
  const journal = createJournal();
  const broken = new Error("broken");
  await assert.rejects(
    journal.stage("apply", () => Promise.reject(broken)),
    broken,
  );
  const cancelled = new FairleadError({ code: "CANCELLED", message: "The job was cancelled." });
  await assert.rejects(
    journal.stage("rollout", () => Promise.reject(cancelled)),
    cancelled,
  );
  assert.deepEqual(
    journal.stages.map(({ name, result }) => `${name} ${result}`),
    ["apply failed", "rollout stopped"],
  );
});

test("what is learned later stands beside what was learned before", () => {
  const journal = createJournal();
  journal.learn({ previousRevision: 3 });
  journal.learn({ images: { web: "web:1" } });
  assert.deepEqual(journal.learned, { previousRevision: 3, images: { web: "web:1" } });
});
