import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1DeploymentStatus } from "@kubernetes/client-node";
import { newPods, unfinished } from "./snapshot.ts";

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

test("the new pods are those of the newest template, without those that are being deleted", () => {
  const annotations = (revision: string) => ({ "deployment.kubernetes.io/revision": revision });
  const ownedBy = (uid: string) => ({ ownerReferences: [{ apiVersion: "apps/v1", kind: "x", name: "x", uid }] });
  const pod = (name: string, set: string, more = {}) => ({ metadata: { name, ...ownedBy(set), ...more } });
  const rollout = { ...deployment(done), metadata: { generation: 3, uid: "web", annotations: annotations("2") } };
  const snapshot = {
    deployments: [rollout],
    replicaSets: [
      { metadata: { uid: "old", annotations: annotations("1"), ...ownedBy("web") } },
      { metadata: { uid: "new", annotations: annotations("2"), ...ownedBy("web") } },
      { metadata: { uid: "other", annotations: annotations("2"), ...ownedBy("api") } },
    ],
    pods: [
      pod("before", "old"),
      pod("now", "new"),
      pod("leaving", "new", { deletionTimestamp: new Date() }),
      pod("else", "other"),
    ],
  };
  const names = (state: V1DeploymentStatus) =>
    newPods(snapshot, { ...rollout, status: state }).map(({ metadata }) => metadata?.name);
  assert.deepEqual(names({ observedGeneration: 3 }), ["now"]);
  assert.deepEqual(names({ observedGeneration: 2 }), [], "its annotations still speak of the old template");
});
