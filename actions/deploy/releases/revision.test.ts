import assert from "node:assert/strict";
import { test } from "node:test";
import { baselineOf, isPending, type Revision, toRevision } from "./revision.ts";

const revision = (number: number, changes: Partial<Revision>): Revision => ({
  number,
  status: "superseded",
  ours: true,
  verified: false,
  createdAt: 0,
  madeBy: undefined,
  ...changes,
});

test("labels that Helm copied from the revision before say nothing of this one", () => {
  const read = (labels: Record<string, string>) => {
    const { number, ours, verified } = toRevision({
      metadata: { labels: { version: "3", status: "deployed", ...labels } },
    });
    return { number, ours, verified };
  };
  const copied = { "fairlead-revision": "2", "fairlead-verified": "2" };
  assert.deepEqual(read(copied), { number: 3, ours: false, verified: false });
  assert.deepEqual(read({ ...copied, "fairlead-revision": "3" }), { number: 3, ours: true, verified: false });
  assert.deepEqual(read({ "fairlead-verified": "3" }), { number: 3, ours: false, verified: true });
});

test("a removal is as old as its begin, and not as the revision that it removes", () => {
  const metadata = { creationTimestamp: new Date(1_000), labels: { version: "1", modifiedAt: "900" } };
  const read = (status: string) => toRevision({ metadata: { ...metadata, labels: { ...metadata.labels, status } } });
  assert.deepEqual([read("uninstalling").createdAt, isPending(read("uninstalling"))], [900_000, true]);
  assert.deepEqual([read("deployed").createdAt, isPending(read("deployed"))], [1_000, false]);
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
  const words = (description: string) => ({ words: { description, applyMethod: "ssa", rendered: "" } }) as const;
  const unfinished = revision(2, { ours: false, ...words("Preparing upgrade") });
  const finished = revision(1, { ours: false, ...words("Install complete") });
  assert.equal(baselineOf([unfinished, finished])?.number, 1);
  assert.equal(baselineOf([unfinished]), undefined);
});
