import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1DaemonSetStatus, V1DeploymentStatus, V1JobStatus, V1StatefulSetStatus } from "@kubernetes/client-node";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";
import { rollout } from "./tracking.testing.ts";
import { workloadsOf } from "./workloads.ts";

const metadata = { name: "web", uid: "web", generation: 3 };
const owned = (uid: string) => ({ ownerReferences: [{ apiVersion: "apps/v1", kind: "x", name: "x", uid }] });

function waitsFor(changes: Partial<Snapshot>): string | undefined {
  const [workload] = workloadsOf({ ...emptySnapshot, ...changes });
  assert.ok(workload);
  return workload.unfinished;
}

const deployment = (status: V1DeploymentStatus, replicas = 2) => ({
  deployments: [
    { metadata, spec: { replicas, selector: {}, template: {} }, status: { observedGeneration: 3, ...status } },
  ],
});
const done = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };

const deployments: [string, V1DeploymentStatus, RegExp][] = [
  ["the controller is behind", { ...done, observedGeneration: 2 }, /has not seen the change/],
  ["new pods are missing", { ...done, updatedReplicas: 1 }, /1 of 2 new pods/],
  ["old pods remain", { ...done, replicas: 3 }, /1 old pod is still there/],
  ["pods are not ready", { ...done, availableReplicas: 1 }, /1 of 2 pods are ready/],
];
for (const [name, status, line] of deployments) {
  test(`a Deployment is unfinished while ${name}`, () => assert.match(waitsFor(deployment(status)) ?? "", line));
}

test("a Deployment is finished when all pods are new and ready, or when it is to have none", () => {
  assert.equal(waitsFor(deployment(done)), undefined);
  assert.equal(waitsFor(deployment({ updatedReplicas: 0 }, 0)), undefined);
});

const statefulSet = (status: Partial<V1StatefulSetStatus>) => ({
  statefulSets: [
    {
      metadata,
      spec: { replicas: 2, selector: {}, template: {}, serviceName: "web" },
      status: { observedGeneration: 3, replicas: 2, availableReplicas: 2, updateRevision: "b", ...status },
    },
  ],
});

test("a StatefulSet counts its updated pods, and its current ones when all are of one revision", () => {
  assert.match(waitsFor(statefulSet({ currentRevision: "a", updatedReplicas: 1 })) ?? "", /1 of 2 new pods/);
  assert.equal(waitsFor(statefulSet({ currentRevision: "a", updatedReplicas: 2 })), undefined);
  assert.equal(waitsFor(statefulSet({ currentRevision: "b", currentReplicas: 2 })), undefined);
  const unready = statefulSet({ currentRevision: "b", currentReplicas: 2, availableReplicas: 1 });
  assert.match(waitsFor(unready) ?? "", /1 of 2 pods are ready/);
});

const daemonSet = (status: Partial<V1DaemonSetStatus>) => ({
  daemonSets: [
    {
      metadata,
      status: { observedGeneration: 3, currentNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0, ...status },
    } as Snapshot["daemonSets"][number],
  ],
});

test("a DaemonSet that no node matches is not deployed", () => {
  assert.match(waitsFor(daemonSet({ desiredNumberScheduled: 0 })) ?? "", /no node matches/);
  const half = { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 };
  assert.match(waitsFor(daemonSet(half)) ?? "", /1 of 2 pods are ready/);
  assert.equal(waitsFor(daemonSet({ ...half, numberAvailable: 2 })), undefined);
});

test("a Job is unfinished until it is complete, unless it is suspended", () => {
  const job = (status: V1JobStatus, suspend = false) => ({
    jobs: [{ metadata, spec: { template: {}, suspend }, status }],
  });
  assert.match(waitsFor(job({})) ?? "", /0 of 1 runs/);
  const complete = [{ type: "Complete", status: "True" }] as V1JobStatus["conditions"] & object;
  assert.equal(waitsFor(job({ succeeded: 1, conditions: complete })), undefined);
  assert.equal(waitsFor(job({}, true)), undefined);
});

test("the pods of a Deployment are those of its newest template, without those that are being deleted", () => {
  const snapshot = rollout();
  const pod = (name: string, set: string, more = {}) => ({ metadata: { name, ...owned(set), ...more } });
  const pods = [pod("before", "old"), pod("now", "set"), pod("leaving", "set", { deletionTimestamp: new Date() })];
  const names = (changed: Snapshot) => workloadsOf(changed)[0]?.pods.map((one) => one.metadata?.name);
  assert.deepEqual(names({ ...snapshot, pods }), ["now"]);
  const behind = snapshot.deployments.map((one) => ({ ...one, status: { observedGeneration: 1 } }));
  assert.deepEqual(names({ ...snapshot, deployments: behind, pods }), [], "its annotations still speak of the old one");
});

test("the pods of a StatefulSet and of a DaemonSet are those of the newest revision", () => {
  const labelled = (name: string, labels: Record<string, string>) => ({ metadata: { name, labels, ...owned("web") } });
  const ofSet = [
    labelled("web-0", { "controller-revision-hash": "a" }),
    labelled("web-1", { "controller-revision-hash": "b" }),
  ];
  const [set] = workloadsOf({ ...emptySnapshot, ...statefulSet({}), pods: ofSet });
  assert.deepEqual(
    set?.pods.map((pod) => pod.metadata?.name),
    ["web-1"],
  );
  const [daemons] = daemonSet({}).daemonSets;
  const annotations = { "deprecated.daemonset.template.generation": "7" };
  const daemonSets = [{ ...daemons, metadata: { ...metadata, annotations } }];
  const ofDaemons = [
    labelled("x", { "pod-template-generation": "6" }),
    labelled("y", { "pod-template-generation": "7" }),
  ];
  const [daemon] = workloadsOf({ ...emptySnapshot, daemonSets, pods: ofDaemons });
  assert.deepEqual(
    daemon?.pods.map((pod) => pod.metadata?.name),
    ["y"],
  );
});
