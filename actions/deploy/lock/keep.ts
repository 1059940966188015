import { setTimeout as wait } from "node:timers/promises";
import type { V1Lease } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { FairleadError, messageOf } from "../../core/errors.ts";
import { dropLease, type Holder, type LeaseName, readLease, takeLease } from "./lease.ts";

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

/** Renews a Lease until it is given up or lost. `sent` is when its last write was, on the clock of `performance.now()`. */
export function keepLock(
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
    const reason = lost(owner, thrown);
    const isNew = !stopping.signal.aborted;
    stop();
    if (isNew) owner.onLost(reason);
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

function lost({ release }: LeaseName, thrown: unknown): FairleadError {
  return new FairleadError({
    code: "CLUSTER_UNREACHABLE",
    message: `The lock of ${release} could not be renewed (${messageOf(thrown)}), so nothing more was changed.`,
    fix: "Run the deploy again; it goes on from what is there.",
    cause: thrown,
  });
}
