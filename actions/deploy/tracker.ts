import { setTimeout as wait } from "node:timers/promises";
import { FairleadError } from "../core/errors.ts";
import { type Fault, findFaults, type Patience } from "./faults.ts";
import { type Snapshot, unfinished } from "./snapshot.ts";

/** How a rollout ended. */
export type Verdict =
  | { readonly state: "healthy" }
  | { readonly state: "failing"; readonly fault: Fault; readonly snapshot: Snapshot };

/** What the tracker needs to watch one rollout. */
export interface Watch {
  look(): Promise<Snapshot>;
  /** Told once for each change of what is waited for. */
  progress(line: string): void;
  readonly patience: Patience;
  /** Milliseconds until the rollout counts as failed whatever is seen. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

const interval = 500;

/**
 * Watches a rollout until all its pods are new and ready, or a fault has lasted longer than it may, or time is up.
 *
 * @throws the reason of the signal; errors of the cluster client, being out of reach only when time is up.
 */
export async function track(watch: Watch): Promise<Verdict> {
  const end = performance.now() + watch.timeout;
  const sightings = new Map<string, number>();
  let last = "";
  for (;;) {
    const snapshot = await look(watch, end);
    if (snapshot === undefined) {
      await pause(watch);
      continue;
    }
    const now = performance.now();
    const missing = snapshot.deployments.map(unfinished).filter((line) => line !== undefined);
    if (snapshot.deployments.length > 0 && missing.length === 0) return { state: "healthy" };
    const faults = findFaults(snapshot, watch.patience);
    const fatal = remember(sightings, faults, now);
    if (fatal !== undefined) return { state: "failing", fault: fatal, snapshot };
    if (now >= end) return { state: "failing", fault: lateFault(snapshot, missing), snapshot };
    const line = [...missing, ...faults.map(({ cause }) => cause)].join("; ");
    if (line !== last) watch.progress(line);
    last = line;
    await pause(watch);
  }
}

/** One look; undefined while the API server is out of reach, since a rollout goes on without it, and it comes back. */
async function look(watch: Watch, end: number): Promise<Snapshot | undefined> {
  try {
    return await watch.look();
  } catch (thrown) {
    const away = thrown instanceof FairleadError && thrown.code === "CLUSTER_UNREACHABLE";
    if (!away || performance.now() >= end) throw thrown;
    watch.progress(thrown.message);
    return undefined;
  }
}

async function pause({ signal }: Watch): Promise<void> {
  await wait(interval, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** Keeps the time of the first sighting of each fault that is still there; gives the first that lasted too long. */
function remember(sightings: Map<string, number>, faults: readonly Fault[], now: number): Fault | undefined {
  const present = new Set(faults.map(({ key }) => key));
  for (const key of sightings.keys()) if (!present.has(key)) sightings.delete(key);
  for (const { key } of faults) if (!sightings.has(key)) sightings.set(key, now);
  return faults.find(({ key, tolerance }) => now - (sightings.get(key) ?? now) >= tolerance);
}

/** When time is up, whatever is wrong counts, even a single crash. */
function lateFault(snapshot: Snapshot, missing: readonly string[]): Fault {
  const [seen] = findFaults(snapshot, { crashes: 1 });
  return (
    seen ?? {
      key: "timeout",
      tolerance: 0,
      cause: `it was not ready in time (${missing.join("; ") || "the release has no workload"})`,
      fix: "Check `health.path` and `port` in the manifest, or raise the input `timeout`.",
    }
  );
}
