import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError } from "../core/errors.ts";
import type { Snapshot } from "./snapshot.ts";
import { track, type Watch } from "./tracker.ts";

const rollout = (availableReplicas: number): Snapshot => ({
  deployments: [
    {
      metadata: { name: "web", generation: 1 },
      spec: { replicas: 1, selector: {}, template: {} },
      status: { observedGeneration: 1, updatedReplicas: 1, replicas: 1, availableReplicas },
    },
  ],
  replicaSets: [],
  pods: [],
});

function watch(snapshots: readonly Snapshot[], changes: Partial<Watch> = {}) {
  let looks = 0;
  const lines: string[] = [];
  const verdict = track({
    look: async () => snapshots[Math.min(looks++, snapshots.length - 1)] as Snapshot,
    progress: (line) => lines.push(line),
    patience: { crashes: 3 },
    timeout: 60_000,
    signal: new AbortController().signal,
    ...changes,
  });
  return { verdict, lines };
}

test("a rollout is healthy as soon as its pods are, and each change is told once", async () => {
  const { verdict, lines } = watch([rollout(0), rollout(0), rollout(1)]);
  assert.equal((await verdict).state, "healthy");
  assert.deepEqual(lines, ["web: 0 of 1 pods are ready"]);
});

test("a rollout that only stays unready fails when time is up, and says what was missing", async () => {
  const verdict = await watch([rollout(0)], { timeout: 1 }).verdict;
  assert.equal(verdict.state, "failing");
  assert.match(verdict.state === "failing" ? verdict.fault.cause : "", /not ready in time .*0 of 1 pods/);
});

test("a release without a workload is not healthy", async () => {
  const verdict = await watch([{ deployments: [], replicaSets: [], pods: [] }], { timeout: 1 }).verdict;
  assert.equal(verdict.state, "failing");
});

test("an API server that goes away for a while does not end the watch, one that stays away does", async () => {
  const away = new FairleadError({ code: "CLUSTER_UNREACHABLE", message: "nobody answers" });
  let looks = 0;
  const { verdict, lines } = watch([rollout(1)], {
    look: async () => {
      if (looks++ === 0) throw away;
      return rollout(1);
    },
  });
  assert.equal((await verdict).state, "healthy");
  assert.deepEqual(lines, ["nobody answers"]);
  await assert.rejects(watch([], { look: () => Promise.reject(away), timeout: 1 }).verdict, away);
  const refused = new FairleadError({ code: "CLUSTER_FORBIDDEN", message: "no" });
  await assert.rejects(watch([], { look: () => Promise.reject(refused) }).verdict, refused);
});

test("a cancelled watch ends with the reason", async () => {
  const signal = AbortSignal.abort(new Error("cancelled"));
  await assert.rejects(watch([rollout(0)], { signal }).verdict, /cancelled/);
});

test("a fault that lasts is fatal at its second sighting, one that heals is not", async () => {
  const broken: Snapshot = { ...rollout(0), ...crashing() };
  const failing = await watch([broken]).verdict;
  assert.match(failing.state === "failing" ? failing.fault.cause : "", /exit code 1/);
  assert.equal((await watch([broken, rollout(1)]).verdict).state, "healthy");
});

function crashing(): Pick<Snapshot, "deployments" | "replicaSets" | "pods"> {
  const annotations = { "deployment.kubernetes.io/revision": "1" };
  const owner = (kind: string, uid: string) => [{ apiVersion: "apps/v1", kind, name: "web", uid }];
  const [deployment] = rollout(0).deployments;
  const status = {
    name: "web",
    image: "",
    imageID: "",
    ready: false,
    restartCount: 2,
    state: { terminated: { exitCode: 1 } },
  };
  return {
    deployments: [{ ...deployment, metadata: { ...deployment?.metadata, uid: "deployment", annotations } }],
    replicaSets: [{ metadata: { uid: "set", annotations, ownerReferences: owner("Deployment", "deployment") } }],
    pods: [
      {
        metadata: { name: "web-0", ownerReferences: owner("ReplicaSet", "set") },
        status: { containerStatuses: [status] },
      },
    ],
  };
}
