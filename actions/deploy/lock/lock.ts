import { setTimeout as wait } from "node:timers/promises";
import type { V1Lease } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { formatDuration } from "../../core/duration.ts";
import { FairleadError, messageOf } from "../../core/errors.ts";
import {
  dropLease,
  type Hold,
  type Holder,
  type LeaseName,
  type LeaseState,
  readLease,
  stateOf,
  takeLease,
} from "./lease.ts";

/** Whose lock it is, and of what. */
export interface LockOwner extends LeaseName, Holder {
  /** Milliseconds for which the lock outlives its holder. */
  readonly lease: number;
  /**
   * Called when the Lease is another's, or could not be renewed for so long that it soon may be: nothing may be written
   * any more.
   */
  readonly onLost: (reason: FairleadError) => void;
}

/** How a lock is asked for. */
export interface LockRequest extends LockOwner {
  /** Milliseconds to wait for another deploy. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** A person at work may change a release that a person holds. */
  readonly pastHold?: boolean;
}

/** The right to change a release, held until it is given up. */
export interface Lock {
  /** Whether it was taken from a run that no longer lived. */
  readonly tookOver: boolean;
  /**
   * Renews it now.
   *
   * @throws FairleadError when it is another's, or the API server does not answer.
   */
  confirm(): Promise<void>;
  giveUp(): Promise<void>;
}

/** Milliseconds between two looks at another's lock. */
const interval = 1_000;

/** The times of a lock in milliseconds, all from the time for which its holder's word counts. */
function timesOf(lease: number) {
  return {
    renewal: lease / 4,
    /** Until a renewal that failed is tried again. */
    retrial: lease / 30,
    /** Without a renewal until nothing is written any more, well before the Lease ends for others. */
    fence: (lease * 2) / 3,
  };
}

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
      if (taken !== undefined) return keep(cluster, request, taken, { sent, tookOver: fromDead });
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
  const lock = keep(cluster, owner, lease, { sent: performance.now(), tookOver: false });
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

/** Renews a Lease until it is given up or lost. `sent` is when its last write was, on the clock of `performance.now()`. */
function keep(
  cluster: Cluster,
  owner: LockOwner,
  taken: V1Lease,
  { sent, tookOver }: { readonly sent: number; readonly tookOver: boolean },
): Lock {
  const times = timesOf(owner.lease);
  const stopping = new AbortController();
  const stop = () => {
    clearTimeout(alarm);
    stopping.abort();
  };
  const lose = (thrown: unknown) => {
    stop();
    const reason = lost(owner, thrown);
    owner.onLost(reason);
    return reason;
  };
  let failure: unknown = new Error("the API server did not answer");
  // A process that has nothing else to do must be able to end.
  const guardFrom = (renewed: number) =>
    setTimeout(() => lose(failure), renewed + times.fence - performance.now()).unref();
  let alarm = guardFrom(sent);
  let lease = taken;
  const renew = async () => {
    // For others it counts from when they see it, which is not before it is sent.
    const now = performance.now();
    const renewed = await renewLease(cluster, owner, lease);
    if ("takenBy" in renewed) throw lose(new Error(`${renewed.takenBy || "nobody"} has it now`));
    lease = renewed.lease;
    clearTimeout(alarm);
    if (!stopping.signal.aborted) alarm = guardFrom(now);
  };
  const tryToRenew = () =>
    renew().then(
      () => times.renewal,
      (thrown) => {
        failure = thrown;
        return times.retrial;
      },
    );
  let trying = Promise.resolve(times.renewal);
  const renewAlways = async () => {
    for (;;) {
      await wait(await trying, undefined, { signal: stopping.signal, ref: false });
      trying = tryToRenew();
    }
  };
  // Only `stop` ends it.
  renewAlways().catch(() => {});
  return {
    tookOver,
    confirm: renew,
    async giveUp() {
      stop();
      // A renewal that is under way would get in the way.
      await trying;
      await dropLease(cluster, owner, owner.identity);
    },
  };
}

/** Renews a Lease once; gives its holder instead when that is another now, empty for none. */
async function renewLease(
  cluster: Cluster,
  owner: LockOwner,
  last: V1Lease,
): Promise<{ readonly lease: V1Lease } | { readonly takenBy: string }> {
  for (let seen = last; ; ) {
    const lease = await takeLease(cluster, owner, seen, owner);
    if (lease !== undefined) return { lease };
    // Written since: by a try of ours whose answer was lost, by a person who holds the release, or by another run.
    const now = await readLease(cluster, owner);
    const holder = now?.spec?.holderIdentity ?? "";
    if (now === undefined || holder !== owner.identity) return { takenBy: holder };
    seen = now;
  }
}

function locked({ release, namespace, timeout }: LockRequest, state: LeaseState | undefined): FairleadError {
  const by = state === undefined || state.holder === "" ? "" : ` by ${state.holder} (${state.holderUrl})`;
  return new FairleadError({
    code: "DEPLOY_LOCKED",
    message: `${release} is being deployed${by}, and did not become free within ${formatDuration(timeout)}.`,
    fix: `Wait for that run, raise \`lock-timeout\`, or, if it is gone, \`kubectl delete lease deploy-${release} -n ${namespace}\`.`,
  });
}

function lost({ release }: LeaseName, thrown: unknown): FairleadError {
  return new FairleadError({
    code: "CLUSTER_UNREACHABLE",
    message: `The lock of ${release} could not be renewed (${messageOf(thrown)}), so nothing more was changed.`,
    fix: "Run the deploy again; it goes on from what is there.",
    cause: thrown,
  });
}
