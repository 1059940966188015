import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Cluster, openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import { type Helm, openHelm } from "../core/helm.ts";
import { dropLease, type LeaseName, readLease } from "./lease.ts";
import { baselineOf, isPending, listRevisions, markFailed, type Revision } from "./releases.ts";

/** Milliseconds after which a Helm that nobody watches over counts as killed. */
const abandonedAfter = 15 * 60_000;

/**
 * Ends a `pending-*` revision that a killed Helm left, so that the next one can start.
 *
 * @param tookOver whether our lock was taken from a run that no longer lived; then no Helm of it lives either.
 * @throws FairleadError DEPLOY_LOCKED when it is so young that a Helm may still be at it.
 */
export async function endPending(
  cluster: Cluster,
  { namespace, release }: LeaseName,
  newest: Revision | undefined,
  { tookOver, now }: { readonly tookOver: boolean; readonly now: number },
): Promise<void> {
  if (newest === undefined || !isPending(newest)) return;
  if (!tookOver && now - newest.createdAt < abandonedAfter) {
    throw new FairleadError({
      code: "DEPLOY_LOCKED",
      message: `Revision ${newest.number} of ${release} is ${newest.status}: Helm works on it, or was killed a short while ago.`,
      fix: `If no Helm runs, \`helm rollback ${release} -n ${namespace}\` clears it; after 15 minutes this happens by itself.`,
    });
  }
  await markFailed(cluster, namespace, release, newest.number, `Left ${newest.status} by a run that ended`);
}

/** What a post step has to know of a deploy that was cut off. */
export interface OpenDeploy extends LeaseName {
  readonly identity: string;
  /** The revision that it was about to make; without one it only held the lock. */
  readonly number?: number;
  /** A revision that fails is left to a person (`rollback: never`). */
  readonly keep?: boolean;
}

const fileName = "deploy.json";

/** Notes that a deploy has begun, for the post step. */
export async function noteBegin(deploy: OpenDeploy, { folder }: Context): Promise<void> {
  await writePrivateFile(folder, fileName, JSON.stringify(deploy));
}

/** Notes that a deploy has ended in order, however it ended. */
export async function noteEnd({ folder }: Context): Promise<void> {
  await rm(join(folder, fileName), { force: true });
}

/**
 * Finishes what a cancelled or killed step left: its unfinished revision goes back to the baseline, without waiting
 * for it, unless the manifest keeps it, and the lock is given up. Does nothing where nothing was left.
 */
export async function finishInterrupted(context: Context): Promise<void> {
  const noted = await readFile(join(context.folder, fileName), "utf8").catch(() => undefined);
  if (noted === undefined) return;
  const deploy: OpenDeploy = JSON.parse(noted);
  const kubeconfig = join(context.folder, "kubeconfig");
  const { masker, signal, runner } = context;
  const cluster = await openCluster({ kubeconfig: await readFile(kubeconfig, "utf8"), masker, signal });
  const lease = await readLease(cluster, deploy);
  if (lease?.spec?.holderIdentity !== deploy.identity) return;
  const said = await goBack(cluster, deploy, () => openHelm(context, { kubeconfig }));
  runner.annotate("warning", said, "Interrupted deploy");
  await dropLease(cluster, deploy, deploy.identity);
  await noteEnd(context);
}

async function goBack(cluster: Cluster, deploy: OpenDeploy, helm: () => Promise<Helm>): Promise<string> {
  const { namespace, release, number, keep } = deploy;
  const revisions = await listRevisions(cluster, namespace, release);
  const [newest] = revisions;
  if (newest === undefined || number === undefined || newest.number < number)
    return `${release} was not touched before the step was stopped.`;
  if (newest.verified) return `${release} revision ${newest.number} was healthy before the step was stopped.`;
  if (newest.status !== "failed") {
    await markFailed(cluster, namespace, release, newest.number, "The step that deployed it was stopped");
  }
  const baseline = baselineOf(revisions);
  if (baseline === undefined)
    return `${release} revision ${newest.number} was left unfinished; there is none to go back to.`;
  if (keep) return `${release} revision ${newest.number} was left unfinished and as it is (\`rollback: never\`).`;
  await (await helm()).rollback(release, namespace, baseline.number, 60_000);
  return `${release} goes back to revision ${baseline.number}, because the step was stopped.`;
}
