import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type StoppedClock, stopClock } from "../../../test/clock.ts";
import { createJudge } from "./judge.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Store } from "./store.ts";
import { type Rollout, track } from "./tracker.ts";
import { crashed, rollout } from "./tracking.testing.ts";

/** A store that shows one snapshot after the other, and then the last one for ever; a wait for a change lasts to its end. */
function storeOf(snapshots: readonly (Snapshot | string)[], clock: StoppedClock): Store {
  let looks = -1;
  const now = () => snapshots[Math.min(looks, snapshots.length - 1)];
  return {
    snapshot() {
      looks++;
      const seen = now();
      return typeof seen === "object" ? seen : rollout();
    },
    away() {
      const seen = now();
      return typeof seen === "string" ? seen : undefined;
    },
    change: async (milliseconds, signal) => {
      signal.throwIfAborted();
      clock.pass(milliseconds);
    },
    [Symbol.dispose]() {},
  };
}

const expectedWeb = [{ kind: "Deployment" as const, name: "web", namespace: "prod", uid: "deployment", generation: 2 }];

function watch(context: TestContext, snapshots: readonly (Snapshot | string)[], changes: Partial<Rollout> = {}) {
  const lines: string[] = [];
  const verdict = track({
    store: storeOf(snapshots, stopClock(context)),
    expected: expectedWeb,
    patience: () => ({ crashes: 3, placement: 10_000, startup: 120_000 }),
    progress: (line) => lines.push(line),
    timeout: 60_000,
    signal: new AbortController().signal,
    ...changes,
  });
  return { verdict, lines };
}

const ready = rollout([], "set", 1);

test("a rollout is healthy as soon as its pods are, and each change is told once", async (context) => {
  const { verdict, lines } = watch(context, [rollout(), rollout(), ready]);
  assert.equal((await verdict).state, "healthy");
  assert.deepEqual(lines, ["web: 0 of 1 pods are ready", "web: done, 1 of 1"]);
});

test("what a watch still shows of an older generation is not taken for the rollout", async (context) => {
  const expected = [{ kind: "Deployment" as const, name: "web", namespace: "prod", uid: "deployment", generation: 3 }];
  const newer = ready.deployments.map((one) => ({
    ...one,
    metadata: { ...one.metadata, generation: 3 },
    status: { ...one.status, observedGeneration: 3 },
  }));
  const { verdict, lines } = watch(context, [ready, { ...ready, deployments: newer }], { expected });
  assert.equal((await verdict).state, "healthy");
  assert.deepEqual(lines, ["web: it is being applied", "web: done, 1 of 1"]);
});

test("a rollout that only stays unready fails when time is up, and says what was missing", async (context) => {
  const verdict = await watch(context, [rollout()], { timeout: 1 }).verdict;
  assert.equal(verdict.state, "failing");
  assert.match(verdict.state === "failing" ? verdict.fault.cause : "", /not ready in time .*0 of 1 pods/);
});

test("when time is up even a single crash is the cause", async (context) => {
  const verdict = await watch(context, [rollout([crashed(0, 4)])], { timeout: 1 }).verdict;
  assert.match(verdict.state === "failing" ? verdict.fault.cause : "", /ended with exit code 4/);
});

test("a Deployment that is late by its own account is told by what is wrong with its pods", async (context) => {
  const late = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" };
  const crashing = rollout([crashed(0, 4)]);
  const deployments = crashing.deployments.map((one) => ({ ...one, status: { ...one.status, conditions: [late] } }));
  const cause = async (snapshot: Snapshot) => {
    const verdict = await watch(context, [{ ...snapshot, deployments }]).verdict;
    return verdict.state === "failing" ? verdict.fault.cause : "";
  };
  assert.match(await cause(crashing), /ended with exit code 4/);
  assert.match(await cause({ ...crashing, pods: [] }), /made no progress within its deadline/);
});

test("a release without a workload is not healthy", async (context) => {
  const verdict = await watch(context, [ready], { expected: [], timeout: 1 }).verdict;
  assert.equal(verdict.state, "failing");
});

test("an API server that goes away for a while does not end the watch, one that stays away does", async (context) => {
  const { verdict, lines } = watch(context, ["nobody answers", ready]);
  assert.equal((await verdict).state, "healthy");
  assert.deepEqual(lines.filter((line) => line === "nobody answers").length, 1);
  await assert.rejects(watch(context, ["nobody answers"], { timeout: 1 }).verdict, /nobody answers/);
});

test("a cancelled watch ends with the reason", async (context) => {
  const signal = AbortSignal.abort(new Error("cancelled"));
  await assert.rejects(watch(context, [rollout()], { signal }).verdict, /cancelled/);
});

test("a fault that lasts is fatal at its second sighting, one that heals is not", async (context) => {
  const failing = await watch(context, [rollout([crashed(2)])]).verdict;
  assert.match(failing.state === "failing" ? failing.fault.cause : "", /exit code 1, 3 times/);
  assert.equal((await watch(context, [rollout([crashed(2)]), ready]).verdict).state, "healthy");
});

test("exits count over pods that came after each other", async (context) => {
  const first = rollout([crashed(1)]);
  const later = rollout([crashed(0)]);
  const second = { ...later, pods: later.pods.map((pod) => ({ ...pod, metadata: { ...pod.metadata, uid: "next" } })) };
  const failing = await watch(context, [first, second]).verdict;
  assert.match(failing.state === "failing" ? failing.fault.cause : "", /exit code 1, 3 times/);
});

test("a pod whose container has ended twice is replaced once, so that the next try comes at once", async (context) => {
  const waiting = { reason: "CrashLoopBackOff" };
  const status = { ...crashed(1), state: { waiting }, lastState: { terminated: { exitCode: 1 } } };
  const replaced: string[] = [];
  const hasten: Rollout["hasten"] = async ({ metadata }) => {
    replaced.push(metadata?.uid ?? "");
  };
  const { verdict } = watch(context, [rollout([status]), rollout([status]), ready], { hasten });
  assert.equal((await verdict).state, "healthy");
  assert.deepEqual(replaced, ["pod-0"]);
});

const last = (reason?: string) => ({ terminated: { exitCode: 1, ...(reason === undefined ? {} : { reason }) } });
const backOff = { waiting: { reason: "CrashLoopBackOff" } };
const limits = [
  { what: "crashed", exits: 3, status: { ...crashed(2), state: backOff, lastState: last() } },
  { what: "lacked memory", exits: 2, status: { ...crashed(1), state: backOff, lastState: last("OOMKilled") } },
];
for (const { what, exits, status } of limits) {
  test(`a pod whose container has ${what} as often as it may is not replaced before that counts`, async (context) => {
    const replaced: string[] = [];
    const hasten: Rollout["hasten"] = async ({ metadata }) => {
      replaced.push(metadata?.uid ?? "");
    };
    const running = { ...status, state: { running: {} } };
    const verdict = await watch(context, [rollout([running]), rollout([status])], { hasten }).verdict;
    assert.match(verdict.state === "failing" ? verdict.fault.cause : "", new RegExp(`, ${exits} times$`));
    assert.deepEqual(replaced, []);
  });
}

test("a fault does not grow older while nobody can look", (context) => {
  const clock = stopClock(context);
  const crashing = rollout([crashed(2)]);
  const store = storeOf([crashing, "nobody answers", crashing, crashing], clock);
  const judge = createJudge({
    store,
    patience: () => ({ crashes: 3, placement: 10_000, startup: 120_000 }),
    progress: () => {},
  });
  const fatal = [0, 10_000, 10_000, 1_000].map((time) => {
    clock.pass(time);
    return judge(expectedWeb).fatal?.cause;
  });
  assert.deepEqual(fatal.slice(0, 3), [undefined, undefined, undefined]);
  assert.match(fatal[3] ?? "", /exit code 1, 3 times/);
});

test("a pod that keeps a StatefulSet from going on is deleted once, after its time to become ready", (context) => {
  const clock = stopClock(context);
  const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "set" };
  const metadata = { name: "web", namespace: "prod", uid: "set", generation: 1 };
  const status = { observedGeneration: 1, replicas: 1, updateRevision: "new" };
  const labels = { "controller-revision-hash": "old" };
  const snapshot: Snapshot = {
    ...rollout(),
    statefulSets: [{ metadata, spec: { replicas: 1, selector: {}, template: {} }, status }],
    pods: [{ metadata: { name: "web-0", uid: "pod", labels, ownerReferences: [owner] } }],
  };
  const deleted: string[] = [];
  const judge = createJudge({
    store: storeOf([snapshot], clock),
    patience: () => ({ crashes: 3, placement: 10_000, startup: 120_000 }),
    progress: () => {},
    unblock: async (pod) => {
      deleted.push(pod.metadata?.name ?? "");
    },
    unblockAfter: 1_000,
  });
  const counts = [0, 500, 500, 1_000].map((time) => {
    clock.pass(time);
    judge([{ kind: "StatefulSet", name: "web", namespace: "prod", uid: "set", generation: 1 }]);
    return deleted.length;
  });
  assert.deepEqual(counts, [0, 0, 1, 1]);
});
