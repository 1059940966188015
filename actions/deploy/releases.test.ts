import assert from "node:assert/strict";
import { test } from "node:test";
import { baselineOf, type Revision } from "./releases.ts";

const revision = (number: number, changes: Partial<Revision>): Revision => ({
  number,
  status: "superseded",
  description: "Upgrade complete",
  ours: true,
  verified: false,
  createdAt: 0,
  madeBy: undefined,
  ...changes,
});

test("the baseline is the newest verified revision, whatever came after it", () => {
  const revisions = [
    revision(4, { status: "failed" }),
    revision(3, { status: "deployed" }),
    revision(2, { verified: true }),
    revision(1, { verified: true }),
  ];
  assert.equal(baselineOf(revisions)?.number, 2);
});

test("a revision of ours that was never verified is no baseline, even when Helm calls it deployed", () => {
  assert.equal(baselineOf([revision(1, { status: "deployed" })]), undefined);
});

test("without a verified revision, the one that Helm deployed by hand is the baseline", () => {
  const revisions = [
    revision(3, { ours: false, status: "failed" }),
    revision(2, { ours: false, status: "deployed" }),
    revision(1, { ours: false, status: "superseded" }),
  ];
  assert.equal(baselineOf(revisions)?.number, 2);
});

test("a superseded revision counts only when Helm had finished it", () => {
  const unfinished = revision(2, { ours: false, description: "Preparing upgrade" });
  const finished = revision(1, { ours: false, description: "Install complete" });
  assert.equal(baselineOf([unfinished, finished])?.number, 1);
  assert.equal(baselineOf([unfinished]), undefined);
});
