import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1DeploymentStatus } from "@kubernetes/client-node";
import { unfinished } from "./snapshot.ts";

const deployment = (status: V1DeploymentStatus, replicas = 2) => ({
  metadata: { name: "web", generation: 3 },
  spec: { replicas, selector: {}, template: {} },
  status: { observedGeneration: 3, ...status },
});
const done = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };

const cases: [string, V1DeploymentStatus, RegExp][] = [
  ["the controller is behind", { ...done, observedGeneration: 2 }, /has not seen the change/],
  ["new pods are missing", { ...done, updatedReplicas: 1 }, /1 of 2 new pods/],
  ["old pods remain", { ...done, replicas: 3 }, /1 old pods are still there/],
  ["pods are not ready", { ...done, availableReplicas: 1 }, /1 of 2 pods are ready/],
];
for (const [name, status, line] of cases) {
  test(`a rollout is unfinished while ${name}`, () => assert.match(unfinished(deployment(status)) ?? "", line));
}

test("a rollout is finished when all pods are new and ready", () => {
  assert.equal(unfinished(deployment(done)), undefined);
});

test("a Deployment scaled to zero waits for nothing", () => {
  assert.equal(unfinished(deployment({ updatedReplicas: 0 }, 0)), undefined);
});
