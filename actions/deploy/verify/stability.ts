import { containersOf } from "../tracking/faults/containers.ts";
import type { Expected } from "../tracking/judge.ts";
import type { Store } from "../tracking/store.ts";
import { type Workload, workloadsOf } from "../tracking/workloads.ts";
import type { CheckResult } from "./check.ts";

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
  const result = (outcome: CheckResult["outcome"], said = ""): CheckResult => ({
    name: "pods stay ready",
    outcome,
    said,
    milliseconds: performance.now() - from,
  });
  try {
    const either = AbortSignal.any([signal, failed.signal]);
    const shaky = await watchStability(store, expected, milliseconds, either);
    if (shaky === undefined) return result("passed");
    failed.abort();
    return result("failed", shaky);
  } catch (thrown) {
    signal.throwIfAborted();
    if (failed.signal.aborted) return result("stopped");
    throw thrown;
  }
}

/**
 * Watches that all pods stay ready and none of their containers ends, for `milliseconds`.
 * Gives what went wrong, undefined when nothing did.
 */
export async function watchStability(
  store: Store,
  expected: readonly Expected[],
  milliseconds: number,
  signal: AbortSignal,
): Promise<string | undefined> {
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

type Restarts = ReadonlyMap<string, number>;

function restartsOf(workloads: readonly Workload[]): Restarts {
  const statuses = workloads.flatMap(({ pods }) =>
    pods.flatMap((pod) =>
      containersOf(pod).map((status) => [`${pod.metadata?.uid} ${status.name}`, status.restartCount] as const),
    ),
  );
  return new Map(statuses);
}

function unstable(workloads: readonly Workload[], before: Restarts): string | undefined {
  for (const [key, restarts] of restartsOf(workloads)) {
    // A pod that an autoscaler adds starts with none.
    if (restarts > (before.get(key) ?? 0)) return `the container ${key.split(" ")[1]} was restarted after it was ready`;
  }
  // An autoscaler may ask for more pods at any time; those that are there must stay ready.
  const lost = workloads.find(({ ready, unfinished }) => unfinished !== undefined && ready === 0);
  return lost === undefined ? undefined : `${lost.name} did not stay ready: ${lost.unfinished}`;
}
