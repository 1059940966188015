import type { V1Pod } from "@kubernetes/client-node";
import { FairleadError } from "../../core/errors.ts";
import { countExits, type Exits } from "./faults/crashes.ts";
import type { Fault, Patience, Sight } from "./faults/fault.ts";
import { findFaults } from "./faults/find.ts";
import { createProgress } from "./progress.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Store } from "./store.ts";
import { type Workload, workloadsOf } from "./workloads.ts";

/** How a rollout ended. */
export type Verdict =
  | { readonly state: "healthy"; readonly snapshot: Snapshot }
  | { readonly state: "failing"; readonly fault: Fault; readonly snapshot: Snapshot };

/** A workload as it was applied; what a watch shows of an older generation is not looked at. */
export type Expected = Pick<Workload, "kind" | "name" | "namespace" | "uid" | "generation">;

/** What the tracker needs to watch one rollout. */
export interface Rollout {
  readonly store: Store;
  readonly expected: readonly Expected[];
  patience(workload: Workload, all: readonly Workload[]): Patience;
  /** Told once for each change of what is waited for. */
  progress(line: string): void;
  /**
   * Called once for a pod of a Deployment whose container has ended twice: the kubelet now waits longer and longer before
   * it tries again, a new pod tries at once.
   */
  hasten?(pod: V1Pod): Promise<void>;
  /** Milliseconds until the rollout counts as failed whatever is seen. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks when nothing changes: faults get older by themselves. */
const interval = 500;

/**
 * Watches a rollout until all its pods are new and ready, or a fault has lasted longer than it may, or time is up.
 *
 * @throws the reason of the signal; CLUSTER_UNREACHABLE when time is up and the API server is still out of reach.
 */
export async function track(rollout: Rollout): Promise<Verdict> {
  const end = performance.now() + rollout.timeout;
  const sightings = createSightings();
  const exits = new Map<string, Exits>();
  const tell = createProgress(rollout.progress, rollout.expected);
  const hastened = new Set<string>();
  for (;;) {
    const snapshot = rollout.store.snapshot();
    const now = performance.now();
    const workloads = expectedWorkloads(rollout.expected, snapshot);
    const away = rollout.store.away();
    if (away === undefined && workloads.length > 0 && workloads.every(({ unfinished }) => unfinished === undefined)) {
      return { state: "healthy", snapshot };
    }
    const sights = workloads.map((workload) => {
      const known = countExits(exits.get(workload.uid) ?? new Map(), workload.pods);
      exits.set(workload.uid, known);
      const total = [...known.values()].reduce((sum, count) => sum + count, 0);
      void hasten(rollout, workload, total, hastened);
      return { snapshot, workload, patience: rollout.patience(workload, workloads), exits: total };
    });
    const faults = sights.flatMap(findFaults);
    const fatal = sightings.lasting(faults, now);
    if (fatal !== undefined && away === undefined) return { state: "failing", fault: fatal, snapshot };
    if (now >= end && away !== undefined) throw new FairleadError({ code: "CLUSTER_UNREACHABLE", message: away });
    if (now >= end) return { state: "failing", fault: lateFault(sights), snapshot };
    tell(workloads, faults, away, now);
    await rollout.store.change(Math.min(interval, Math.max(0, end - now)), rollout.signal);
  }
}

/** The workloads that are waited for; one that the watch does not show yet as it was applied is unfinished. */
function expectedWorkloads(expected: readonly Expected[], snapshot: Snapshot): Workload[] {
  const seen = workloadsOf(snapshot);
  return expected.map((one) => {
    const found = seen.find(({ uid, generation }) => uid === one.uid && generation >= one.generation);
    return found ?? { ...one, wanted: 0, ready: 0, pods: [], conditions: [], unfinished: "it is being applied" };
  });
}

/** Exits of one pod after which the kubelet begins to wait before it tries again. */
const quickTries = 2;

async function hasten({ hasten }: Rollout, workload: Workload, exits: number, done: Set<string>): Promise<void> {
  if (hasten === undefined || workload.kind !== "Deployment" || exits < quickTries) return;
  for (const pod of workload.pods) {
    const { uid = "" } = pod.metadata ?? {};
    const waits = pod.status?.containerStatuses?.some(
      ({ state, restartCount }) => state?.waiting?.reason === "CrashLoopBackOff" && restartCount + 1 >= quickTries,
    );
    if (!waits || done.has(uid)) continue;
    done.add(uid);
    // It only saves time: where it is not allowed, the kubelet's own next try decides.
    await hasten(pod).catch(() => {});
  }
}

/** Keeps the time of the first sighting of each fault that is still there. */
function createSightings() {
  const first = new Map<string, number>();
  return {
    /** The first fault that has lasted too long. */
    lasting(faults: readonly Fault[], now: number): Fault | undefined {
      const present = new Set(faults.map(({ key }) => key));
      for (const key of first.keys()) if (!present.has(key)) first.delete(key);
      for (const { key } of faults) if (!first.has(key)) first.set(key, now);
      return faults.find(({ key, tolerance }) => now - (first.get(key) ?? now) >= tolerance);
    },
  };
}

/** When time is up, whatever is wrong counts, even a single crash. */
function lateFault(sights: readonly Sight[]): Fault {
  const [seen] = sights.flatMap((sight) => findFaults({ ...sight, patience: { ...sight.patience, crashes: 1 } }));
  if (seen !== undefined) return seen;
  const late = sights.map(({ workload }) => workload).filter(({ unfinished }) => unfinished !== undefined);
  const missing = late.map(({ name, unfinished }) => `${name}: ${unfinished}`).join("; ");
  return {
    key: "timeout",
    tolerance: 0,
    cause: `it was not ready in time (${missing || "the release has no workload"})`,
    fix: "Check `health` and `port` in the manifest, or raise the input `timeout`.",
    about: "health",
    workload: late[0] ?? { kind: "Deployment", name: "", namespace: "" },
  };
}
