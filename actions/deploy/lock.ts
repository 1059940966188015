import { setTimeout as wait } from "node:timers/promises";
import type { V1Lease } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import {
  dropLease,
  type Hold,
  type LeaseName,
  type LeaseState,
  leaseSeconds,
  readLease,
  stateOf,
  takeLease,
} from "./lease.ts";

/** How a lock is asked for. */
export interface LockRequest extends LeaseName {
  readonly identity: string;
  /** Address of the run, shown to whoever waits. */
  readonly url: string;
  /** Milliseconds to wait for another deploy. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /**
   * Called when the Lease could not be renewed for so long that another run may have taken it: nothing may be written
   * any more.
   */
  readonly onLost: (reason: FairleadError) => void;
}

/** The right to change a release, held until it is given up. */
export interface Lock {
  /** Whether it was taken from a run that no longer lived. */
  readonly tookOver: boolean;
  giveUp(): Promise<void>;
}

const renewal = 15_000;
/** Milliseconds without a renewal after which nothing is written any more, well before the Lease ends for others. */
const fence = 40_000;
const interval = 1_000;

/**
 * Takes the lock of a release, after a living deploy of another run has ended. A hold is given back instead of a lock.
 *
 * @throws FairleadError DEPLOY_LOCKED when the other deploy did not end in time; CLUSTER_FORBIDDEN with the missing Role.
 */
export async function takeLock(cluster: Cluster, request: LockRequest): Promise<Lock | Hold> {
  const end = performance.now() + request.timeout;
  const life = observer();
  let told = "";
  for (;;) {
    request.signal.throwIfAborted();
    const lease = await readLease(cluster, request);
    const state = lease === undefined ? undefined : stateOf(lease);
    if (state?.hold !== undefined) return state.hold;
    const alive = state !== undefined && state.holder !== request.identity && life.isAlive(state);
    if (!alive) {
      const taken = await takeLease(cluster, request, lease, request);
      if (taken !== undefined) return keep(cluster, request, taken, state !== undefined && state.holder !== "");
    }
    // Also when somebody else was faster, or the namespace is going away: no way around this loop is endless.
    if (performance.now() >= end) throw locked(request, state);
    if (alive && state.holder !== told) {
      told = state.holder;
      request.say(`Waiting for ${state.holder}, which deploys ${request.release}: ${state.holderUrl}`);
    }
    await wait(interval, undefined, { signal: request.signal }).catch(() => request.signal.throwIfAborted());
  }
}

/** Tells a lock from a hold. */
export function isLock(result: Lock | Hold): result is Lock {
  return "giveUp" in result;
}

/**
 * Judges whether a holder lives by watching its renewals, because its clock may differ from ours; only a Lease that is
 * very old by our clock is given up at first sight.
 */
function observer(now: () => number = Date.now) {
  let seen: { readonly state: LeaseState; readonly since: number } | undefined;
  const clockSkew = 300_000;
  return {
    isAlive(state: LeaseState): boolean {
      if (state.holder === "") return false;
      if (now() - state.renewedAt > leaseSeconds * 1_000 + clockSkew) return false;
      const renewed = seen?.state.holder !== state.holder || seen.state.renewedAt !== state.renewedAt;
      if (renewed) seen = { state, since: now() };
      return now() - (seen?.since ?? now()) <= leaseSeconds * 1_000;
    },
  };
}

function keep(cluster: Cluster, request: LockRequest, taken: V1Lease, tookOver: boolean): Lock {
  let lease = taken;
  let renewedAt = performance.now();
  const renew = async () => {
    try {
      const next = await takeLease(cluster, request, lease, request);
      if (next === undefined) throw new Error("another run has taken it");
      lease = next;
      renewedAt = performance.now();
    } catch (thrown) {
      if (performance.now() - renewedAt > fence) request.onLost(lost(request, thrown));
    }
  };
  const timer = setInterval(() => void renew(), renewal);
  // A process that has nothing else to do must be able to end.
  timer.unref();
  return {
    tookOver,
    async giveUp() {
      clearInterval(timer);
      await dropLease(cluster, request, request.identity);
    },
  };
}

function locked({ release, namespace, timeout }: LockRequest, state: LeaseState | undefined): FairleadError {
  const by = state === undefined || state.holder === "" ? "" : ` by ${state.holder} (${state.holderUrl})`;
  return new FairleadError({
    code: "DEPLOY_LOCKED",
    message: `${release} is being deployed${by}, and did not become free within ${formatDuration(timeout)}.`,
    fix: `Wait for that run, raise \`lock-timeout\`, or, if it is gone, \`kubectl delete lease deploy-${release} -n ${namespace}\`.`,
  });
}

function lost({ release }: LockRequest, thrown: unknown): FairleadError {
  return new FairleadError({
    code: "CLUSTER_UNREACHABLE",
    message: `The lock of ${release} could not be renewed (${messageOf(thrown)}), so nothing more was changed.`,
    fix: "Run the deploy again; it goes on from what is there.",
    cause: thrown,
  });
}
