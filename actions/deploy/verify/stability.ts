import { containersOf } from "../tracking/faults/containers.ts";
import { placeOf } from "../tracking/faults/fault.ts";
import type { Expected } from "../tracking/judge.ts";
import type { Store } from "../tracking/store.ts";
import { type Workload, workloadsOf } from "../tracking/workloads.ts";
import type { Checked, CheckResult } from "./check.ts";

/** Milliseconds for which pods must stay ready. */
export const stabilityWindow = 10_000;

/** The check that pods stay ready, which ends the others when it fails, and is ended by them. */
export async function checkStability(
  store: Store,
  expected: readonly Expected[],
  milliseconds: number,
  signal: AbortSignal,
  failed: AbortController,
): Promise<CheckResult> {
  const from = performance.now();
  const result = (outcome: CheckResult["outcome"], said = "", about?: Checked): CheckResult => ({
    name: "pods stay ready",
    outcome,
    said,
    milliseconds: performance.now() - from,
    ...(about === undefined ? {} : { about }),
  });
  try {
    const either = AbortSignal.any([signal, failed.signal]);
    const shaky = await watchStability(store, expected, milliseconds, either);
    if (shaky === undefined) return result("passed");
    failed.abort();
    const { said, ...about } = shaky;
    return result("failed", said, about);
  } catch (thrown) {
    signal.throwIfAborted();
    if (failed.signal.aborted) return result("stopped");
    throw thrown;
  }
}

/** What did not stay ready, and how that showed. */
interface Shaky extends Checked {
  readonly said: string;
}

/**
 * Watches that all pods stay ready and none of their containers ends, for `milliseconds`.
 * Gives what went wrong, undefined when nothing did.
 */
async function watchStability(
  store: Store,
  expected: readonly Expected[],
  milliseconds: number,
  signal: AbortSignal,
): Promise<Shaky | undefined> {
  const end = performance.now() + milliseconds;
  const before = restartsOf(running(store, expected));
  for (;;) {
    const now = performance.now();
    const workloads = running(store, expected);
    const shaky = store.away() === undefined ? unstable(workloads, before) : undefined;
    if (shaky !== undefined) return shaky;
    if (now >= end) return undefined;
    await store.change(end - now, signal);
  }
}

function running(store: Store, expected: readonly Expected[]): Workload[] {
  const uids = new Set(expected.map(({ uid }) => uid));
  return workloadsOf(store.snapshot()).filter(({ uid, kind }) => uids.has(uid) && kind !== "Job");
}

/** Restarts by pod and container. */
type Restarts = ReadonlyMap<string, number>;

function containersIn(workloads: readonly Workload[]) {
  return workloads.flatMap((workload) =>
    workload.pods.flatMap((pod) =>
      containersOf(pod).map(({ name, restartCount }) => {
        return {
          workload,
          pod: pod.metadata?.name ?? "",
          container: name,
          key: `${pod.metadata?.uid} ${name}`,
          restartCount,
        };
      }),
    ),
  );
}

function restartsOf(workloads: readonly Workload[]): Restarts {
  return new Map(containersIn(workloads).map(({ key, restartCount }) => [key, restartCount]));
}

function unstable(workloads: readonly Workload[], before: Restarts): Shaky | undefined {
  // A pod that an autoscaler adds starts with none.
  const ended = containersIn(workloads).find(({ key, restartCount }) => restartCount > (before.get(key) ?? 0));
  if (ended !== undefined) {
    const { workload, pod, container } = ended;
    return {
      said: `the container ${container} was restarted after it was ready`,
      ...placeOf(workload),
      pod,
      container,
    };
  }
  // An autoscaler may ask for more pods at any time; those that are there must stay ready.
  const lost = workloads.find(({ ready, unfinished }) => unfinished !== undefined && ready === 0);
  return lost && { said: `${lost.name} did not stay ready: ${lost.unfinished}`, ...placeOf(lost) };
}
