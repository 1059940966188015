import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { V1DaemonSet, V1Pod } from "@kubernetes/client-node";
import { stopClock } from "../../test/clock.ts";
import type { Watching } from "../deploy/rollout.ts";
import { emptySnapshot } from "../deploy/tracking/snapshot.ts";
import { restartInTurn } from "./in-turn.ts";

const expected = { kind: "DaemonSet", name: "agent", namespace: "prod", uid: "set", generation: 1 } as const;

/**
 * A DaemonSet on some nodes; the new pods on a node of `broken` cannot start, the old ones on one of `stuck` do not run. What
 * starts is ready after so many looks.
 */
function cluster(
  context: TestContext,
  nodes: readonly string[],
  { broken = [] as readonly string[], stuck = [] as readonly string[], looks = 1 } = {},
) {
  const pod = (node: string, run: number, ready: boolean, reason?: string): V1Pod => ({
    metadata: {
      name: `agent-${node}-${run}`,
      namespace: "prod",
      uid: `${node}-${run}`,
      labels: { "pod-template-generation": "1" },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: "set", controller: true }],
    },
    spec: { containers: [], nodeName: node },
    status: {
      phase: ready ? "Running" : "Pending",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [
        {
          ...{ name: "agent", image: "agent:1", imageID: "", ready, restartCount: 0 },
          ...(reason === undefined ? {} : { state: { waiting: { reason, message: "no such image" } } }),
        },
      ],
    },
  });
  let pods = nodes.map((node) => (stuck.includes(node) ? pod(node, 1, false, "InvalidImageName") : pod(node, 1, true)));
  let seen = 0;
  const clock = stopClock(context);
  const deleted: string[] = [];
  /** At each deletion, how many others were not ready. */
  const away: number[] = [];
  const set = (): V1DaemonSet => ({
    metadata: {
      name: "agent",
      namespace: "prod",
      uid: "set",
      generation: 1,
      annotations: { "deprecated.daemonset.template.generation": "1" },
    },
    spec: { selector: {}, template: {} },
    status: {
      ...{ observedGeneration: 1, desiredNumberScheduled: nodes.length, currentNumberScheduled: nodes.length },
      ...{
        updatedNumberScheduled: nodes.length,
        numberAvailable: pods.filter(isReady).length,
        numberReady: 0,
        numberMisscheduled: 0,
      },
    },
  });
  const isReady = ({ status }: V1Pod) => status?.conditions?.[0]?.status === "True";
  const watching = {
    cluster: {
      ask: <T>(call: () => Promise<T>) => call(),
      send: async ({ path }: { path: string }) => {
        const gone = pods.find(({ metadata }) => path.endsWith(`/${metadata?.name}`));
        const node = gone?.spec?.nodeName ?? "";
        seen = 0;
        away.push(pods.filter((one) => one !== gone && !isReady(one)).length);
        deleted.push(node);
        pods = [
          ...pods.filter((one) => one !== gone),
          pod(node, 2, false, broken.includes(node) ? "InvalidImageName" : undefined),
        ];
        return {};
      },
    },
    application: { components: {} },
    context: { runner: { info() {} }, masker: { redact: String }, signal: new AbortController().signal },
    store: {
      snapshot: () => ({ ...emptySnapshot, daemonSets: [set()], pods }),
      away: () => undefined,
      // A look takes its time, for faults to last.
      async change(milliseconds: number) {
        clock.pass(milliseconds);
        if (++seen < looks) return;
        const isWaiting = (one: V1Pod) => one.status?.containerStatuses?.[0]?.state !== undefined;
        pods = pods.map((one) => (isReady(one) || isWaiting(one) ? one : pod(one.spec?.nodeName ?? "", 2, true)));
      },
    },
    logs: { read: async () => [], keepAndDelete: async () => {} },
    end: 20_000,
  } as unknown as Watching;
  return { watching, deleted, away };
}

test("one node after the other, the next only when the new pod is ready", async (context) => {
  const { watching, deleted, away } = cluster(context, ["two", "one", "three"]);
  assert.deepEqual(await restartInTurn(watching, expected), { fault: undefined, done: ["one", "three", "two"] });
  assert.deepEqual(deleted, ["one", "three", "two"]);
  assert.deepEqual(away, [0, 0, 0]);
});

test("the first node where the new pod cannot start ends it, and the others keep theirs", async (context) => {
  const { watching, deleted } = cluster(context, ["one", "two", "three"], { broken: ["three"] });
  const { fault, done } = await restartInTurn(watching, expected);
  assert.match(fault?.cause ?? "", /the image reference agent:1 cannot be pulled/);
  assert.deepEqual([done, deleted], [["one"], ["one", "three"]]);
});

test("pods that are stuck come first, and do not keep each other from their turn", async (context) => {
  const { watching } = cluster(context, ["one", "two", "three"], { stuck: ["two", "three"], looks: 4 });
  const done = ["three", "two", "one"];
  assert.deepEqual(await restartInTurn(watching, expected), { fault: undefined, done });
});
