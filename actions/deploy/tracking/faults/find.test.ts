import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { emptySnapshot, type Snapshot } from "../snapshot.ts";
import { container, crashed, rollout, sightOf } from "../tracking.testing.ts";
import { countExits } from "./crashes.ts";
import { findFaults } from "./find.ts";
import { probeAnswer } from "./probes.ts";

const found = (snapshot: Snapshot, exits = 0) => findFaults(sightOf(snapshot, exits));

function event(uid: string, reason: string, message: string, fieldPath = "spec.containers{web}"): CoreV1Event {
  return { metadata: { uid: message }, involvedObject: { uid, fieldPath }, reason, message };
}

function changePods(snapshot: Snapshot, change: (pod: V1Pod) => V1Pod): Snapshot {
  return { ...snapshot, pods: snapshot.pods.map(change) };
}

test("exits are counted over all new pods, also those that are gone, and forgotten once a pod is ready", () => {
  const kind = "Deployment";
  const { pods } = rollout([crashed(1), crashed(0)]);
  const known = countExits(new Map([["gone web", 2]]), { kind, pods });
  assert.equal(
    [...known.values()].reduce((sum, count) => sum + count),
    5,
  );
  const waiting = container({
    restartCount: 2,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 7 } },
  });
  assert.deepEqual([...countExits(new Map(), { kind, pods: rollout([waiting]).pods }).values()], [3]);
  const ready = [{ status: { conditions: [{ type: "Ready", status: "True" }] } }];
  assert.equal(countExits(known, { kind, pods: ready }).size, 0);
  assert.equal(countExits(known, { kind: "Job", pods: ready }).size, 2 + 1);
});

test("three exits are a crash loop, two are not; out of memory, two are enough", () => {
  assert.deepEqual(found(rollout([crashed(1)]), 2), []);
  const [fault] = found(rollout([crashed(1)]), 3);
  assert.match(fault?.cause ?? "", /container web ended with exit code 1, 3 times/);
  assert.equal(fault?.pod, "web-0");
  const killed = container({ restartCount: 1, state: { terminated: { exitCode: 137, reason: "OOMKilled" } } });
  const [memory] = found(rollout([killed]), 2);
  assert.match(memory?.cause ?? "", /more memory than its limit/);
  assert.equal(memory?.about, "resources");
});

test("an init container that fails is told as one", () => {
  const snapshot = changePods(rollout([container()]), (pod) => ({
    ...pod,
    status: { ...pod.status, initContainerStatuses: [{ ...crashed(2, 4), name: "migrate" }] },
  }));
  assert.match(found(snapshot, 3)[0]?.cause ?? "", /the init container migrate ended with exit code 4/);
});

test("pods of an older revision are not looked at", () => {
  assert.deepEqual(found(rollout([crashed(9)], "old"), 9), []);
});

test("a container that is ready again, or that ended with exit code 0, has not crashed", () => {
  const recovered = container({ ready: true, restartCount: 5, lastState: { terminated: { exitCode: 1 } } });
  assert.deepEqual(found(rollout([recovered, crashed(9, 0)]), 9), []);
});

test("a container that was killed for its liveness probe says so", () => {
  const snapshot = rollout([crashed(2, 137)]);
  const events = [event("pod-0", "Killing", "Container web failed liveness probe, will be restarted")];
  assert.match(
    found({ ...snapshot, events }, 3)[0]?.cause ?? "",
    /was killed, 3 times, because its liveness probe failed/,
  );
});

const pulls: [string, string, RegExp, number][] = [
  ["ErrImagePull", "rpc error: … manifest unknown", /does not exist/, 1_000],
  ["ImagePullBackOff", "failed: 401 Unauthorized", /does not let the cluster pull/, 20_000],
  ["ImagePullBackOff", "toomanyrequests: slow down", /cannot be pulled for now: toomanyrequests/, 90_000],
  ["ErrImagePull", "no match for platform in manifest: not found", /not built for the processor/, 1_000],
  ["InvalidImageName", "", /cannot be pulled/, 1_000],
  ["CreateContainerConfigError", 'secret "x" not found', /cannot be configured: secret "x" not found/, 15_000],
  ["CreateContainerConfigError", "failed to sync secret cache: timed out", /its node cannot read a .*cache/, 45_000],
  ["CreateContainerConfigError", "failed to sync configmap cache: timed out", /its node cannot read a .*cache/, 45_000],
  ["CreateContainerError", 'exec: "run": executable file not found in $PATH', /its image has no program run/, 15_000],
  ["RunContainerError", "exec /app: exec format error", /another processor/, 15_000],
];
for (const [reason, message, cause, tolerance] of pulls) {
  test(`${reason} "${message}" may last ${tolerance} ms`, () => {
    const [fault] = found(rollout([container({ state: { waiting: { reason, message } } })]));
    assert.match(fault?.cause ?? "", cause);
    assert.equal(fault?.tolerance, tolerance);
  });
}

test("what is missing is not told sooner for the time that its node could not even ask for it", () => {
  const keyOf = (message: string) => {
    const waiting = { reason: "CreateContainerConfigError", message };
    return found(rollout([container({ state: { waiting } })]))[0]?.key;
  };
  assert.notEqual(keyOf("failed to sync secret cache: timed out"), keyOf('secret "x" not found'));
});

const unread = event("pod-0", "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (login)");
const unreadFor = (seconds: number): CoreV1Event => ({
  ...unread,
  firstTimestamp: new Date(0),
  lastTimestamp: new Date(seconds * 1_000),
});
const refusedPulls: [string, readonly CoreV1Event[], number][] = [
  ["without a pull secret that its node may read soon", [unreadFor(1)], 45_000],
  ["without a pull secret that its node could not read at its next try either", [unreadFor(12)], 20_000],
  ["for which another pod lacked its pull secret", [{ ...unreadFor(1), involvedObject: { uid: "other" } }], 20_000],
];
for (const [how, events, tolerance] of refusedPulls) {
  test(`a refused pull ${how} may last ${tolerance} ms`, () => {
    const waiting = { reason: "ErrImagePull", message: "failed: 401 Unauthorized" };
    const [fault] = found({ ...rollout([container({ state: { waiting } })]), events });
    assert.equal(fault?.tolerance, tolerance);
  });
}

test("the account that a registry names in its limit is not repeated", () => {
  const message = "toomanyrequests: You have reached your pull rate limit as 'ada': dckr_jti_abc. Slow down";
  const [fault] = found(rollout([container({ state: { waiting: { reason: "ErrImagePull", message } } })]));
  assert.doesNotMatch(fault?.cause ?? "", /ada|dckr_jti/);
});

test("a container that is being created is no fault", () => {
  assert.deepEqual(found(rollout([container({ state: { waiting: { reason: "ContainerCreating" } } })])), []);
});

test("a container that runs unready may do so as long as the manifest lets it start, and is no news before", () => {
  const running = container({ state: { running: { startedAt: new Date(0) } } });
  const snapshot = rollout([running]);
  const refused =
    'Readiness probe failed: Get "http://10.1.0.5:3000/health": dial tcp 10.1.0.5:3000: connect: connection refused';
  const [fault] = found({ ...snapshot, events: [event("pod-0", "Unhealthy", refused)] });
  assert.equal(fault?.tolerance, 122_000);
  assert.equal(fault?.usual, true);
  assert.match(fault?.cause ?? "", /did not become ready within 120 s: nothing listens on port 3000/);
});

const refusedProbe =
  'Startup probe failed: Get "http://10.1.0.5:3000/health": dial tcp 10.1.0.5:3000: connect: connection refused';
const failed = event("pod-0", "Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 500");
const refused = event("pod-0", "Unhealthy", refusedProbe);
const killed = event("pod-0", "Killing", "Container web failed startup probe, will be restarted");
const endings: [string, readonly CoreV1Event[], RegExp][] = [
  ["is given up at once", [failed, killed], /: its probe is answered with status 500$/],
  ["is told by what it answered before, not by its next start", [failed, killed, refused], /status 500$/],
  ["is told by what both starts answered, which is one event", [killed, refused], /nothing listens on port 3000$/],
];
for (const [what, events, answer] of endings) {
  test(`a container that its startup probe has ended ${what}`, () => {
    const [fault] = found({ ...rollout([container({ state: { running: {} } })]), events });
    assert.match(fault?.cause ?? "", /did not start within 120 s: /);
    assert.match(fault?.cause ?? "", answer);
    assert.equal(fault?.tolerance, 1_000);
  });
}

const answers: [string, RegExp][] = [
  ['Liveness probe failed: Get "http://10.0.0.1:80/up": context deadline exceeded', /GET \/up is not answered in time/],
  ["Readiness probe failed: command failed: pg_isready", /^command failed: pg_isready$/],
  ["", /has not been answered yet/],
];
for (const [message, sentence] of answers) {
  test(`a probe with "${message}" is told as ${sentence}`, () => assert.match(probeAnswer(message), sentence));
}

const scheduling: [string, string][] = [
  ["0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available", "resources"],
  ["0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", "nodeSelector"],
  ["0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.", "tolerations"],
  ["0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.", "ports"],
  ["0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.", "volumes"],
];
for (const [message, about] of scheduling) {
  test(`no node, because "${message}", is about ${about}`, () => {
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    const snapshot = changePods(rollout([container()]), (pod) => ({ ...pod, status: { conditions } }));
    const [fault] = found(snapshot);
    assert.equal(fault?.about, about);
    assert.equal(fault?.tolerance, 60_000);
    assert.doesNotMatch(fault?.cause ?? "", /preemption/);
    const scaled = found({ ...snapshot, events: [event("pod-0", "TriggeredScaleUp", "one more")] });
    assert.equal(scaled[0]?.tolerance, Number.POSITIVE_INFINITY, "a node is on its way");
  });
}

test("no node, for several reasons, is told with what can be done about each", () => {
  const message =
    "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/2 nodes are available";
  const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
  const [fault] = found(changePods(rollout([container()]), (pod) => ({ ...pod, status: { conditions } })));
  assert.match(fault?.cause ?? "", /had untolerated taint\(s\)$/);
  assert.equal(
    fault?.fix,
    "Correct `nodeSelector` in the manifest, or label a node; or tolerate the taint with `tolerations`.",
  );
});

test("a volume that cannot be mounted counts while its container waits for it", () => {
  const snapshot = rollout([container({ state: { waiting: { reason: "ContainerCreating" } } })]);
  const missing = event("pod-0", "FailedMount", 'MountVolume.SetUp failed: secret "tls" not found');
  const [fault] = found({ ...snapshot, events: [missing] });
  assert.match(fault?.cause ?? "", /secret "tls" not found/);
  assert.equal(fault?.tolerance, 20_000);
  assert.deepEqual(found({ ...rollout([container({ state: {} })]), events: [missing] }), []);
});

test("pods that the cluster refuses are told with its reason alone", () => {
  const message = 'Error creating: pods "web-1" is forbidden: exceeded quota: small, requested: pods=1';
  const [fault] = found({ ...rollout(), events: [event("deployment", "FailedCreate", message)] });
  assert.match(fault?.cause ?? "", /^the cluster refuses pods of web: exceeded quota: small/);
  assert.equal(fault?.tolerance, 20_000);
});

test("a workload that is done has no fault", () => {
  assert.deepEqual(found(rollout([crashed(9)], "set", 1), 9), []);
});

/** A StatefulSet whose only pod is being deleted. */
function endingPod(pod: V1Pod): Snapshot {
  const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "set" };
  const metadata = { name: "web-0", deletionTimestamp: new Date(), ...pod.metadata, ownerReferences: [owner] };
  return {
    ...emptySnapshot,
    statefulSets: [
      {
        metadata: { name: "web", uid: "set", generation: 1 },
        spec: { replicas: 1, selector: {}, template: {} },
        status: { observedGeneration: 1, replicas: 1 },
      },
    ],
    pods: [{ ...pod, metadata }],
  };
}

test("a pod that does not end is told, sooner when only a finalizer keeps it", () => {
  const running = { containerStatuses: [container({ state: { running: {} } })] };
  const [slow] = found(endingPod({ metadata: { deletionGracePeriodSeconds: 60 }, status: running }));
  assert.match(slow?.cause ?? "", /the old pod web-0 does not end, for which it has 60 s/);
  assert.equal(slow?.tolerance, 80_000);
  const held = { deletionGracePeriodSeconds: 60, finalizers: ["example.com/hold"] };
  const ended = { containerStatuses: [crashed(0, 0)] };
  const [kept] = found(endingPod({ metadata: held, status: ended }));
  assert.match(kept?.cause ?? "", /web-0 has ended, but is kept by the finalizer example\.com\/hold/);
  assert.equal(kept?.tolerance, 20_000);
});

test("a Job that has failed is told by its container, also where it could have been tried again", () => {
  const owner = { apiVersion: "batch/v1", kind: "Job", name: "migrate", uid: "job" };
  const failed = { type: "Failed", status: "True", reason: "BackoffLimitExceeded" };
  const snapshot = (conditions: readonly (typeof failed)[]): Snapshot => ({
    ...emptySnapshot,
    jobs: [{ metadata: { name: "migrate", uid: "job" }, status: { conditions: [...conditions] } }],
    pods: [
      { metadata: { name: "migrate-x", ownerReferences: [owner] }, status: { containerStatuses: [crashed(0, 3)] } },
    ],
  });
  assert.deepEqual(found(snapshot([]), 1), []);
  assert.match(
    found(snapshot([failed]), 1)[0]?.cause ?? "",
    /Job migrate failed: the container web ended with exit code 3/,
  );
  const [late] = found(snapshot([{ ...failed, reason: "DeadlineExceeded" }]), 1);
  assert.match(late?.cause ?? "", /the Job migrate did not end in its time/);
});
