import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { findFaults } from "./faults.ts";
import type { Snapshot } from "./snapshot.ts";

const patience = { crashes: 3 };

function container(changes: Partial<V1ContainerStatus>): V1ContainerStatus {
  return { name: "web", image: "registry.test/web@sha256:1", imageID: "", ready: false, restartCount: 0, ...changes };
}

/** One Deployment whose newest ReplicaSet owns the given pods. */
function snapshotOf(statuses: readonly V1ContainerStatus[], owner = "rs-new"): Snapshot {
  const annotations = { "deployment.kubernetes.io/revision": "2" };
  const pod = (status: V1ContainerStatus, index: number): V1Pod => ({
    metadata: {
      name: `web-${index}`,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "", uid: owner }],
    },
    status: { containerStatuses: [status] },
  });
  return {
    deployments: [
      { metadata: { name: "web", uid: "deployment", generation: 2, annotations }, status: { observedGeneration: 2 } },
    ],
    replicaSets: [
      {
        metadata: {
          uid: "rs-new",
          annotations,
          ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "deployment" }],
        },
      },
    ],
    pods: statuses.map(pod),
  };
}

const crashed = (restartCount: number, exitCode = 1) =>
  container({ restartCount, state: { terminated: { exitCode } } });

test("three exits over all new pods are a crash loop, two are not", () => {
  assert.deepEqual(findFaults(snapshotOf([crashed(1)]), patience), []);
  const [fault] = findFaults(snapshotOf([crashed(1), crashed(0)]), patience);
  assert.match(fault?.cause ?? "", /web ended with exit code 1, 3 times/);
  assert.equal(fault?.pod, "web-0");
});

test("a container that waits for its next start has ended once more than it was restarted", () => {
  const waiting = container({
    restartCount: 2,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 7 } },
  });
  assert.match(findFaults(snapshotOf([waiting]), patience)[0]?.cause ?? "", /exit code 7, 3 times/);
});

test("pods of an older revision are not looked at", () => {
  assert.deepEqual(findFaults(snapshotOf([crashed(9)], "rs-old"), patience), []);
});

test("a container that is ready again, or that ended with exit code 0, has not crashed", () => {
  const recovered = container({ ready: true, restartCount: 5, lastState: { terminated: { exitCode: 1 } } });
  assert.deepEqual(findFaults(snapshotOf([recovered, crashed(9, 0)]), patience), []);
});

test("a killed container without memory says so", () => {
  const killed = container({ restartCount: 2, state: { terminated: { exitCode: 137, reason: "OOMKilled" } } });
  const [fault] = findFaults(snapshotOf([killed]), patience);
  assert.match(fault?.cause ?? "", /more memory than its limit/);
  assert.match(fault?.fix ?? "", /resources\.memory/);
});

const pulls: [string, string, RegExp, number][] = [
  ["ErrImagePull", "rpc error: … manifest unknown", /does not exist/, 1_000],
  ["ImagePullBackOff", "failed: 401 Unauthorized", /does not let the cluster pull/, 20_000],
  ["ImagePullBackOff", "toomanyrequests: slow down", /cannot be pulled: toomanyrequests/, 90_000],
  ["InvalidImageName", "", /cannot be pulled/, 1_000],
  ["CreateContainerConfigError", 'secret "x" not found', /cannot be configured: secret "x" not found/, 15_000],
];
for (const [reason, message, cause, tolerance] of pulls) {
  test(`${reason} "${message}" may last ${tolerance} ms`, () => {
    const [fault] = findFaults(snapshotOf([container({ state: { waiting: { reason, message } } })]), patience);
    assert.match(fault?.cause ?? "", cause);
    assert.equal(fault?.tolerance, tolerance);
  });
}

test("a container that is being created is no fault", () => {
  const starting = container({ state: { waiting: { reason: "ContainerCreating" } } });
  assert.deepEqual(findFaults(snapshotOf([starting]), patience), []);
});
