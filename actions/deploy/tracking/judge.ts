import type { V1Pod } from "@kubernetes/client-node";
import { countExits, crashLimit, type Exits } from "./faults/crashes.ts";
import type { Fault, Patience, Sight } from "./faults/fault.ts";
import { findFaults } from "./faults/find.ts";
import { createProgress } from "./progress.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Store } from "./store.ts";
import { type Workload, workloadsOf } from "./workloads.ts";

/** A workload as it was applied; what a watch shows of an older generation is not looked at. */
export type Expected = Pick<Workload, "kind" | "name" | "namespace" | "uid" | "generation">;

/** By what a rollout is judged, and who is told. */
export interface Judging {
  readonly store: Store;
  patience(workload: Workload, all: readonly Workload[]): Patience;
  /** Told once for each change of what is waited for. */
  progress(line: string): void;
  /**
   * Called once for a pod of a Deployment whose container has ended twice and may end once more: the kubelet now waits
   * longer and longer before it tries again, a new pod tries at once.
   */
  hasten?(pod: V1Pod): Promise<void>;
  /**
   * Called once for each pod of an older revision that keeps a StatefulSet from making the new one: the controller waits
   * for it to become ready (Kubernetes, "Forced rollback").
   */
  unblock?(pod: V1Pod): Promise<void>;
  /** Milliseconds that such a pod gets to become ready by itself. */
  readonly unblockAfter?: number;
}

/** What one look showed. */
export interface Look {
  readonly snapshot: Snapshot;
  readonly workloads: readonly Workload[];
  /** Why the API server is out of reach now, undefined when it answers. */
  readonly away: string | undefined;
  /** What has lasted longer than it may. */
  readonly fatal: Fault | undefined;
  /** Whatever is wrong, even a single crash, undefined when nothing is seen. */
  readonly seen: Fault | undefined;
  /** What is to be said when time is up. */
  late(): Fault;
}

/** Looks at the workloads of a rollout again and again; keeps what only several looks tell: times and counts. */
export function createJudge(judging: Judging) {
  const sightings = createSightings();
  const exits = new Map<string, Exits>();
  const tell = createProgress(judging.progress);
  const helped: Helped = { done: new Set(), obstructingSince: new Map() };
  return (expected: readonly Expected[]): Look => {
    const snapshot = judging.store.snapshot();
    const now = performance.now();
    const workloads = expectedWorkloads(expected, snapshot);
    const away = judging.store.away();
    const sights = workloads.map((workload) => {
      const known = countExits(exits.get(workload.uid) ?? new Map(), workload);
      exits.set(workload.uid, known);
      const total = [...known.values()].reduce((sum, count) => sum + count, 0);
      const sight: Sight = { snapshot, workload, patience: judging.patience(workload, workloads), exits: total };
      if (away === undefined) help(judging, sight, now, helped);
      return sight;
    });
    // What was seen last may have healed long since when nobody can look: nothing ages meanwhile.
    const faults = away === undefined ? sights.flatMap(findFaults) : [];
    const fatal = sightings.lasting(faults, now);
    tell(workloads, faults, away, now);
    const seen = worst(sights);
    return {
      snapshot,
      workloads,
      away,
      fatal: fatal?.vague ? seen : fatal,
      seen,
      late: () => seen ?? lateFault(workloads),
    };
  };
}

/** The workloads that are waited for; one that the watch does not show yet as it was applied is unfinished. */
function expectedWorkloads(expected: readonly Expected[], snapshot: Snapshot): Workload[] {
  const seen = workloadsOf(snapshot);
  return expected.map((one) => {
    const found = seen.find(({ uid, generation }) => uid === one.uid && generation >= one.generation);
    const nothing = { wanted: 0, ready: 0, pods: [], ending: [], obstructing: [], conditions: [] };
    return found ?? { ...one, ...nothing, unfinished: "it is being applied" };
  });
}

/** Exits of one pod after which the kubelet begins to wait before it tries again. */
const quickTries = 2;

/** Pods that were helped already, and since when others are in the way. */
interface Helped {
  readonly done: Set<string>;
  readonly obstructingSince: Map<string, number>;
}

/** Deletes pods that only keep what comes next. Where that is not allowed, the controllers decide, later. */
function help(
  { hasten, unblock, unblockAfter = 0 }: Judging,
  sight: Sight,
  now: number,
  { done, obstructingSince }: Helped,
): void {
  const once = (pods: readonly V1Pod[], act: Judging["hasten"]) => {
    for (const pod of pods) {
      const { uid = "" } = pod.metadata ?? {};
      if (act === undefined || done.has(uid)) continue;
      done.add(uid);
      void act(pod).catch(() => {});
    }
  };
  const { workload, exits } = sight;
  // A pod that has failed often enough stays until that is told, or the exits of the next one would be added.
  const hurries = workload.kind === "Deployment" && exits >= quickTries && exits < crashLimit(sight);
  if (hurries) once(workload.pods.filter(waitsForItsTurn), hasten);
  const stuck = workload.obstructing.filter(({ metadata: { uid = "" } = {} }) => {
    const since = obstructingSince.get(uid) ?? now;
    obstructingSince.set(uid, since);
    return now - since >= unblockAfter;
  });
  once(stuck, unblock);
}

function waitsForItsTurn({ status }: V1Pod): boolean {
  return (
    status?.containerStatuses?.some(
      ({ state, restartCount }) => state?.waiting?.reason === "CrashLoopBackOff" && restartCount + 1 >= quickTries,
    ) ?? false
  );
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

function worst(sights: readonly Sight[]): Fault | undefined {
  return sights.flatMap((sight) => findFaults({ ...sight, patience: { ...sight.patience, crashes: 1 } }))[0];
}

function lateFault(workloads: readonly Workload[]): Fault {
  const late = workloads.filter(({ unfinished }) => unfinished !== undefined);
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
