import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import { serving } from "./serving.ts";

const pod = (name: string, ready: boolean, metadata: V1Pod["metadata"] = {}): V1Pod => ({
  metadata: { name, ...metadata },
  status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

test("only pods that are ready and stay serve, and a Job's do not", () => {
  const owner = { apiVersion: "batch/v1", kind: "Job", name: "migrate", uid: "job" };
  const idle = [
    pod("starting", false),
    pod("ending", true, { deletionTimestamp: new Date() }),
    pod("migrate", true, { ownerReferences: [owner] }),
  ];
  assert.equal(serving({ pods: idle }), "No pod is ready now, so nothing serves.");
  assert.equal(serving({ pods: [...idle, pod("web-1", true)] }), "Ready now: web-1.");
  const many = ["a", "b", "c", "d", "e"].map((name) => pod(name, true));
  assert.equal(serving({ pods: many }), "Ready now: a, b, c and 2 more.");
});
