import { FairleadError } from "../../core/errors.ts";
import type { Fault } from "./faults/fault.ts";
import { createJudge, type Expected, type Judging } from "./judge.ts";
import type { Snapshot } from "./snapshot.ts";

/** How a rollout ended. */
export type Verdict = { readonly state: "healthy"; readonly snapshot: Snapshot } | Failing;

/** A rollout that is given up, and why. */
export interface Failing {
  readonly state: "failing";
  readonly fault: Fault;
  readonly snapshot: Snapshot;
}

/** What the tracker needs to watch one rollout. */
export interface Rollout extends Judging {
  readonly expected: readonly Expected[];
  /** Milliseconds until the rollout counts as failed whatever is seen. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks when nothing changes: faults get older by themselves. */
export const interval = 500;

/**
 * Watches a rollout until all its pods are new and ready, or a fault has lasted longer than it may, or time is up.
 *
 * @throws the reason of the signal; CLUSTER_UNREACHABLE when time is up and the API server is still out of reach.
 */
export async function track(rollout: Rollout): Promise<Verdict> {
  const end = performance.now() + rollout.timeout;
  const judge = createJudge(rollout);
  for (;;) {
    const { snapshot, workloads, away, fatal, late } = judge(rollout.expected);
    const done = workloads.length > 0 && workloads.every(({ unfinished }) => unfinished === undefined);
    if (away === undefined && done) return { state: "healthy", snapshot };
    if (fatal !== undefined) return { state: "failing", fault: fatal, snapshot };
    const left = end - performance.now();
    if (left <= 0 && away !== undefined) throw new FairleadError({ code: "CLUSTER_UNREACHABLE", message: away });
    if (left <= 0) return { state: "failing", fault: late(), snapshot };
    await rollout.store.change(Math.min(interval, left), rollout.signal);
  }
}
