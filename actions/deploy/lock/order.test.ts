import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkflowRun } from "../../core/context.ts";
import type { Revision } from "../releases/revision.ts";
import { newerRun } from "./order.ts";

const run = (changes: Partial<WorkflowRun>): WorkflowRun => ({
  ...{ repository: "acme/web", commit: "c", ref: "refs/heads/main", event: "push", baseRef: "", defaultBranch: "main" },
  ...{ workflow: "Deploy", job: "deploy", id: "7", number: 7, attempt: 1, actor: "a", url: "u" },
  ...changes,
});

const made = { repository: "acme/web", workflow: "Deploy", number: 8, commit: "newer" };
const deployed: Revision = {
  ...{ number: 3, status: "deployed", ours: true, verified: true, createdAt: 0 },
  madeBy: made,
};

test("an older run of the same workflow stands behind a newer one", () => {
  assert.deepEqual(newerRun(deployed, run({ number: 7 })), made);
});

test("a newer run, and the same one, do not", () => {
  for (const number of [8, 9]) assert.equal(newerRun(deployed, run({ number })), undefined);
});

test("a person decides: a re-run and a manual dispatch may go back", () => {
  assert.equal(newerRun(deployed, run({ attempt: 2 })), undefined);
  assert.equal(newerRun(deployed, run({ event: "workflow_dispatch" })), undefined);
});

test("run numbers of different workflows or repositories cannot be compared", () => {
  assert.equal(newerRun(deployed, run({ workflow: "Other" })), undefined);
  assert.equal(newerRun(deployed, run({ repository: "acme/fork" })), undefined);
});

test("nothing that fairlead deployed, nothing to stand behind", () => {
  assert.equal(newerRun(undefined, run({})), undefined);
  assert.equal(newerRun({ ...deployed, madeBy: undefined }, run({})), undefined);
});
