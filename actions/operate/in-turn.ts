import type { V1Pod } from "@kubernetes/client-node";
import { judgingOf, type Watching } from "../deploy/rollout.ts";
import type { Fault } from "../deploy/tracking/faults/fault.ts";
import { createJudge, type Expected } from "../deploy/tracking/judge.ts";
import { interval } from "../deploy/tracking/tracker.ts";
import { isReady } from "../deploy/tracking/workloads.ts";
import { remove } from "./objects.ts";

/** How far a restart came. */
export interface Restarted {
  readonly fault: Fault | undefined;
  /** Where it was done, for what goes node by node. */
  readonly done: readonly string[];
}

/** Deletes a pod, waits for the one that takes its place, and goes on with the next; those that are not ready come first. */
export async function restartInTurn(watching: Watching, expected: Expected): Promise<Restarted> {
  const done: string[] = [];
  const old = podsOf(watching, expected).sort(
    (one, other) => Number(isReady(one)) - Number(isReady(other)) || placeOf(one).localeCompare(placeOf(other)),
  );
  for (const pod of old) {
    watching.context.runner.info(`${expected.name}: ${placeOf(pod)}`);
    await remove(watching.cluster, podPath(pod));
    const fault = await untilReplaced(watching, expected, pod);
    if (fault !== undefined) return { fault, done };
    done.push(placeOf(pod));
  }
  return { fault: undefined, done };
}

/** Watches until another pod is ready in the place of one that was deleted. */
async function untilReplaced(watching: Watching, expected: Expected, old: V1Pod): Promise<Fault | undefined> {
  const { store, context, end } = watching;
  const judge = createJudge(judgingOf(watching, true));
  const isNew = (pod: V1Pod) => pod.metadata?.uid !== old.metadata?.uid && placeOf(pod) === placeOf(old);
  for (;;) {
    const { fatal, late } = judge([expected]);
    const all = podsOf(watching, expected);
    const gone = !all.some(({ metadata }) => metadata?.uid === old.metadata?.uid);
    if (gone && all.some((pod) => isNew(pod) && isReady(pod))) return undefined;
    // What is wrong with one whose turn is still to come is what it will be restarted for.
    const ofOther = all.some((pod) => pod.metadata?.name === fatal?.pod && !isNew(pod));
    if (fatal !== undefined && !ofOther) return fatal;
    if (performance.now() >= end) return late();
    await store.change(interval, context.signal);
  }
}

function podsOf({ store }: Watching, { uid }: Expected): V1Pod[] {
  return store.snapshot().pods.filter(({ metadata }) => metadata?.ownerReferences?.some((owner) => owner.uid === uid));
}

/** A pod of a DaemonSet belongs to its node, one of a StatefulSet to its name. */
function placeOf({ metadata, spec }: V1Pod): string {
  const isDaemon = metadata?.ownerReferences?.some(({ kind }) => kind === "DaemonSet");
  return (isDaemon ? spec?.nodeName : metadata?.name) ?? "";
}

/** The path of a pod in the API server. */
export function podPath({ metadata }: V1Pod): string {
  return `/api/v1/namespaces/${metadata?.namespace}/pods/${metadata?.name}`;
}
