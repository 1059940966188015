import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "../../core/cluster.ts";
import { formatDuration } from "../../core/duration.ts";
import { FairleadError } from "../../core/errors.ts";
import { keepLock, type Lock, type LockOwner } from "./keep.ts";
import { type Hold, type LeaseState, readLease, stateOf, takeLease } from "./lease.ts";

/** How a lock is asked for. */
export interface LockRequest extends LockOwner {
  /** Milliseconds to wait for another deploy. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** A person at work may change a release that a person holds. */
  readonly pastHold?: boolean;
}

/** Milliseconds between two looks at another's lock. */
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
  // Whether the last try to take it was from a dead run: it may have succeeded although its answer was lost.
  let fromDead = false;
  for (;;) {
    request.signal.throwIfAborted();
    const lease = await readLease(cluster, request);
    const state = lease === undefined ? undefined : stateOf(lease);
    if (state?.hold !== undefined && !request.pastHold) return state.hold;
    const own = state?.holder === request.identity;
    const alive = state !== undefined && !own && life.isAlive(state);
    if (!alive) {
      if (!own) fromDead = state !== undefined && state.holder !== "";
      const sent = performance.now();
      const taken = await takeLease(cluster, request, lease, request);
      if (taken !== undefined) return keepLock(cluster, request, taken, { sent, tookOver: fromDead });
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

/**
 * Goes on with a lock that an earlier process of the same step took; undefined when it is not its any more.
 *
 * @throws as {@link Lock.confirm}.
 */
export async function resumeLock(cluster: Cluster, owner: LockOwner): Promise<Lock | undefined> {
  const lease = await readLease(cluster, owner);
  if (lease?.spec?.holderIdentity !== owner.identity) return undefined;
  const lock = keepLock(cluster, owner, lease, { sent: performance.now(), tookOver: false });
  await lock.confirm();
  return lock;
}

/** Tells a lock from a hold. */
export function isLock(result: Lock | Hold): result is Lock {
  return "giveUp" in result;
}

/**
 * Judges whether a holder lives by watching its renewals, because its clock may differ from ours; only a Lease that is
 * very old by our clock is given up at first sight.
 */
function observer() {
  let seen: { readonly state: LeaseState; readonly since: number } | undefined;
  const clockSkew = 300_000;
  return {
    isAlive(state: LeaseState): boolean {
      if (state.holder === "") return false;
      if (Date.now() - state.renewedAt > state.duration + clockSkew) return false;
      const renewed = seen?.state.holder !== state.holder || seen.state.renewedAt !== state.renewedAt;
      if (seen === undefined || renewed) seen = { state, since: performance.now() };
      return performance.now() - seen.since <= state.duration;
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
