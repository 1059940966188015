import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Cluster, openCluster } from "../../core/cluster.ts";
import type { Context } from "../../core/context.ts";
import { writePrivateFile } from "../../core/files.ts";
import { type Helm, openHelm } from "../../core/helm.ts";
import { handOver } from "../handover/handover.ts";
import { takeBack } from "../handover/take-back.ts";
import type { Lock } from "../lock/keep.ts";
import type { Holder, LeaseName } from "../lock/lease.ts";
import { resumeLock } from "../lock/lock.ts";
import { markFailed } from "../releases/mark.ts";
import { listRevisions, readContentOf } from "../releases/read.ts";
import { baselineOf, isPending, type Revision } from "../releases/revision.ts";

/** What a post step has to know of a deploy that was cut off. */
export interface OpenDeploy extends LeaseName, Required<Holder> {
  /** The revision that it was about to make; without one it was at most about to take the lock. */
  readonly number?: number;
  /** What says that a revision that fails is left to a person: `rollback: never`. */
  readonly keep?: string;
}

const fileName = "deploy.json";

/** Notes what a deploy is about to do, for the post step. */
export async function noteBegin(deploy: OpenDeploy, { folder }: Context): Promise<void> {
  const file = await writePrivateFile(folder, `${fileName}.new`, JSON.stringify(deploy));
  // Whenever the process ends, there is a whole note or none.
  await rename(file, join(folder, fileName));
}

async function readNote({ folder }: Context): Promise<OpenDeploy | undefined> {
  const noted = await readFile(join(folder, fileName), "utf8").catch(() => undefined);
  return noted === undefined ? undefined : JSON.parse(noted);
}

async function dropNote({ folder }: Context): Promise<void> {
  await rm(join(folder, fileName), { force: true });
}

/**
 * Gives up the lock of a deploy that came to its end. Where it did not end well, Helm may have been killed, or nobody heard
 * it: its revision must not stay pending, since without the lock nobody knows that no Helm is at it any more.
 */
export async function finishInOrder(cluster: Cluster, lock: Lock, healthy: boolean, context: Context): Promise<void> {
  const note = await readNote(context);
  if (!healthy && note?.number !== undefined) {
    const { namespace, release, number } = note;
    const [newest] = await listRevisions(cluster, namespace, release);
    if (newest !== undefined && newest.number >= number && isPending(newest)) {
      await markFailed(cluster, namespace, release, newest.number, "Helm ended before it was done");
    }
  }
  await lock.giveUp();
  await dropNote(context);
}

/** Milliseconds for a post step: four minutes, of the five that GitHub leaves a cancelled job. */
const postTime = 240_000;

/**
 * Finishes what a cancelled or killed step left: its unfinished revision goes back to the baseline, without waiting
 * for it, unless the manifest keeps it, and the lock is given up. Does nothing where nothing was left.
 */
export async function finishInterrupted(context: Context): Promise<void> {
  const deploy = await readNote(context);
  if (deploy === undefined) return;
  const kubeconfig = join(context.folder, "kubeconfig");
  const { masker, runner } = context;
  const fence = new AbortController();
  const signal = AbortSignal.any([context.signal, fence.signal, AbortSignal.timeout(postTime)]);
  const cluster = await openCluster({ kubeconfig: await readFile(kubeconfig, "utf8"), masker, signal });
  const lock = await resumeLock(cluster, { ...deploy, onLost: (reason) => fence.abort(reason) });
  if (lock === undefined) return;
  const helm = () => openHelm({ ...context, signal }, { kubeconfig, fence: signal });
  runner.annotate("warning", await goBack(cluster, deploy, lock, helm), "Interrupted deploy");
  await dropNote(context);
}

/** Gives up the lock, and says what became of the release. */
async function goBack(cluster: Cluster, deploy: OpenDeploy, lock: Lock, helm: () => Promise<Helm>): Promise<string> {
  const { namespace, release, number } = deploy;
  const revisions = await listRevisions(cluster, namespace, release);
  const [newest] = revisions;
  if (newest === undefined || number === undefined || newest.number < number) {
    // What another dead run has left is recovered by whoever takes this lock over, once it has ended.
    if (newest === undefined || !isPending(newest)) await lock.giveUp();
    return `${release} was not touched before the step was stopped.`;
  }
  const said = await undo(cluster, deploy, revisions, newest, helm);
  await lock.giveUp();
  return said;
}

async function undo(
  cluster: Cluster,
  { namespace, release, keep }: OpenDeploy,
  revisions: readonly Revision[],
  newest: Revision,
  helm: () => Promise<Helm>,
): Promise<string> {
  if (newest.verified) return `${release} revision ${newest.number} was healthy before the step was stopped.`;
  const baseline = baselineOf(revisions);
  if (newest.status === "deployed" && newest.words?.description === `Rollback to ${baseline?.number}`)
    return `${release} went back to revision ${baseline?.number} before the step was stopped.`;
  if (newest.status !== "failed") {
    await markFailed(cluster, namespace, release, newest.number, "The step that deployed it was stopped");
  }
  if (baseline === undefined)
    return `${release} revision ${newest.number} was left unfinished; there is none to go back to.`;
  if (keep !== undefined) return `${release} revision ${newest.number} was left unfinished and as it is (\`${keep}\`).`;
  const content = await readContentOf(cluster, namespace, release, baseline.number);
  await handOver(cluster, { namespace, release }, { ...content, way: "rollback" }, () => {});
  await (await helm()).rollback(release, namespace, baseline.number, 60_000);
  await takeBack(cluster, { namespace, release }, { ...content, before: newest.words?.rendered }, () => {});
  return `${release} goes back to revision ${baseline.number}, because the step was stopped.`;
}
