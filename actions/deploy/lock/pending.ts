import type { Cluster } from "../../core/cluster.ts";
import { formatDuration } from "../../core/duration.ts";
import { FairleadError } from "../../core/errors.ts";
import { poll } from "../../core/retry.ts";
import { markFailed } from "../releases/mark.ts";
import { listRevisions } from "../releases/read.ts";
import { baselineOf, isPending, type Revision } from "../releases/revision.ts";
import type { LeaseName } from "./lease.ts";

/** Milliseconds after which a Helm that nobody watches over counts as killed. */
const abandonedAfter = 15 * 60_000;

/** What is known of whoever may have left a pending revision, and how long may be waited for it. */
export interface PendingOptions {
  /** Whether our lock was taken from a run that no longer lived; then no Helm of it lives either. */
  readonly tookOver: boolean;
  /** Milliseconds to wait for a Helm that may live. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Ends a `pending-*` revision that a killed Helm left, so that the next one can start. Where a Helm without our lock may
 * still be at it, it is waited for. Gives the revisions as they are then, newest first.
 *
 * @throws FairleadError DEPLOY_LOCKED when it is still pending when the time is up, and too young to count as left.
 */
export async function endPending(
  cluster: Cluster,
  { namespace, release }: LeaseName,
  { tookOver, timeout, signal, say, now = Date.now }: PendingOptions,
): Promise<Revision[]> {
  const isLeft = (revision: Revision) => tookOver || now() - revision.createdAt >= abandonedAfter;
  let told = false;
  const look = async () => {
    const revisions = await listRevisions(cluster, namespace, release);
    const [newest] = revisions;
    if (newest === undefined || !isPending(newest) || isLeft(newest)) return { done: revisions };
    if (!told)
      say(`Waiting for a Helm that works on revision ${newest.number} of ${release}, or was killed a while ago`);
    told = true;
    return { waiting: locked(revisions, newest) };
  };
  let last = "";
  const locked = (revisions: readonly Revision[], newest: Revision) => {
    last = wayOut(revisions, newest, { namespace, release });
    return `Revision ${newest.number} of ${release} is ${newest.status}: Helm works on it, or was killed a short while ago`;
  };
  const onTimeout = (said: string) =>
    new FairleadError({
      code: "DEPLOY_LOCKED",
      message: `${said}; it did not end within ${formatDuration(timeout)}.`,
      fix: `If no Helm runs, \`${last}\` clears it; after 15 minutes this happens by itself.`,
    });
  const revisions = await poll({ interval: 1_000, timeout, signal, onTimeout }, look);
  const [newest] = revisions;
  if (newest === undefined || !isPending(newest)) return revisions;
  await markFailed(cluster, namespace, release, newest.number, `Left ${newest.status} by a run that ended`);
  return await listRevisions(cluster, namespace, release);
}

/** What a person types: there may be nothing to go back to, and the revision before may be one that failed. */
function wayOut(revisions: readonly Revision[], newest: Revision, { namespace, release }: LeaseName): string {
  const baseline = baselineOf(revisions);
  return baseline === undefined
    ? `kubectl delete secret sh.helm.release.v1.${release}.v${newest.number} -n ${namespace}`
    : `helm rollback ${release} ${baseline.number} -n ${namespace}`;
}
