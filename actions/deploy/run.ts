import type { Context } from "../core/context.ts";
import { messageOf } from "../core/errors.ts";
import { applySecrets, pruneSecrets } from "./delivery/secrets.ts";
import type { Deployed } from "./deployed.ts";
import { handOver } from "./handover/handover.ts";
import type { DeployInputs } from "./inputs.ts";
import type { Lock } from "./lock/keep.ts";
import { type Hold, newHolder, usualLease } from "./lock/lease.ts";
import { isLock, takeLock } from "./lock/lock.ts";
import { markOf, newerRun } from "./lock/order.ts";
import { endPending } from "./lock/pending.ts";
import { makeRevision } from "./make-revision.ts";
import { ensurePullSecrets } from "./namespace.ts";
import { plan } from "./plan/plan.ts";
import { lookFirst } from "./preflight/look.ts";
import { prepare } from "./prepare.ts";
import { finishInOrder, noteBegin, type OpenDeploy } from "./recovery/interruption.ts";
import { patientCluster } from "./recovery/outage.ts";
import { markMade, markVerified } from "./releases/mark.ts";
import { listRevisions } from "./releases/read.ts";
import { baselineOf, type Revision, type RunMark } from "./releases/revision.ts";
import { createJournal, type Journal } from "./report/journal.ts";
import { changesSince, tellGaps, tellLost } from "./report/since.ts";
import { type Deploy, openWatched } from "./rollout.ts";
import { isUnchanged } from "./unchanged/unchanged.ts";

/** What no input changes. */
export interface DeployOptions {
  /** Milliseconds for which the lock of a run that died outlives it; every other time of the lock follows from it. */
  readonly lease?: number;
  /** Where the stages are written down, and what a report needs to know of them. */
  readonly journal?: Journal;
}

/**
 * Deploys an application: Helm applies it, the tracker decides. A rollout that does not become healthy goes back to the
 * baseline; a first install that fails is kept for diagnosis, or uninstalled. One run at a time changes a release:
 * another is waited for, a newer one is left alone, and a person's hold is respected.
 *
 * @throws FairleadError for everything that is found before the release is touched, and for what Helm refuses.
 */
export async function run(
  inputs: DeployInputs,
  context: Context,
  { lease = usualLease, journal = createJournal() }: DeployOptions = {},
): Promise<Deployed> {
  if (inputs.pullCredentials !== undefined) context.masker.add(inputs.pullCredentials.password);
  const fence = new AbortController();
  const guarded = { ...context, signal: AbortSignal.any([context.signal, fence.signal]) };
  const deploy = await journal.stage("prepare", () => prepare(inputs, guarded, fence.signal, journal));
  if (inputs.dryRun) return await plan(deploy);
  await journal.stage("preflight", () => lookFirst(deploy));
  const { namespace, release } = deploy.application;
  const note = { namespace, release, identity: newHolder(context.run), url: context.run.url, lease };
  // Whatever ends this process from here on, the post step knows of it.
  await noteBegin(note, context);
  const lock = await journal.stage("wait for the lock", () =>
    lockRelease(deploy, note, (reason) => fence.abort(reason)),
  );
  if (!isLock(lock)) return await held(deploy, lock);
  let healthy = false;
  try {
    const deployed = await deployLocked(outlasting(deploy), lock, note);
    healthy = deployed.failure === undefined;
    return deployed;
  } finally {
    // A stopped step leaves the lock to its post step, which finishes what was begun.
    if (!guarded.signal.aborted) await giveUpLock(deploy, lock, healthy);
  }
}

async function lockRelease({ inputs, cluster, context }: Deploy, note: OpenDeploy, onLost: (reason: Error) => void) {
  const { runner, signal } = context;
  return await takeLock(cluster, {
    ...note,
    timeout: inputs.lockTimeout,
    signal,
    say: (line) => runner.info(line),
    onLost,
  });
}

/** What cannot be given up ends by itself; it must not take the place of what the deploy came to. */
async function giveUpLock({ cluster, context }: Deploy, lock: Lock, healthy: boolean): Promise<void> {
  try {
    await finishInOrder(cluster, lock, healthy, context);
  } catch (thrown) {
    context.runner.annotate("warning", `The lock was not given up, and ends by itself: ${messageOf(thrown)}`, "Lock");
  }
}

/** A deploy that has begun waits for an API server that goes away meanwhile. */
function outlasting(deploy: Deploy): Deploy {
  const { signal, runner } = deploy.context;
  const say = (line: string) => runner.info(line);
  return { ...deploy, cluster: patientCluster(deploy.cluster, { longest: 60_000, signal, say }) };
}

async function deployLocked(deploy: Deploy, lock: Lock, note: OpenDeploy): Promise<Deployed> {
  const { cluster, application, context, inputs } = deploy;
  const { namespace, release } = application;
  const { lockTimeout: timeout } = inputs;
  const { signal, runner } = context;
  const say = (line: string) => runner.info(line);
  const revisions = await endPending(cluster, application, { tookOver: lock.tookOver, timeout, signal, say });
  const baseline = baselineOf(revisions);
  deploy.journal.learn({ previousRevision: baseline?.number ?? 0 });
  const newer = newerRun(baseline, context.run);
  if (newer !== undefined) return superseded(deploy, baseline, newer);
  const applied = applyOwn(deploy);
  using watched = await openWatched(deploy, lock);
  await applied;
  if (await isUnchanged(deploy, revisions[0], watched.store)) return await unchanged(deploy, revisions[0]);
  const { applyMethod = "ssa" } = revisions[0]?.words ?? {};
  const restated = await handOver(
    cluster,
    application,
    { rendered: deploy.rendered, applyMethod, way: "upgrade" },
    say,
  );
  const number = (restated ?? revisions[0]?.number ?? 0) + 1;
  await noteBegin({ ...note, number, ...keepOf(deploy) }, context);
  // While Helm works there is time for it.
  const changes = changesSince(deploy, baseline?.number);
  void changes.then((known) => tellGaps(deploy, known));
  deploy.journal.learn({ changes });
  const recovered = await makeRevision(watched, { number, baseline, before: revisions[0]?.words });
  if (recovered !== undefined) return { ...outcome(deploy, baseline), ...recovered };
  await Promise.all([markVerified(cluster, namespace, release, number), pruneSecrets(deploy, deploy.secrets)]);
  context.runner.info(`${release} revision ${number} is healthy: ${application.url}`);
  tellLost(deploy, await changes);
  return { ...outcome(deploy, baseline), revision: number, status: "deployed", reason: "" };
}

/**
 * Applies what is no part of the release. Also where nothing else changes: a Secret that somebody deleted, or whose password
 * is another now, would be missed at the next start of a pod.
 */
function applyOwn({ cluster, application, inputs, secrets }: Deploy): Promise<unknown> {
  const { pullCredentials } = inputs;
  const applied = Promise.all([
    applySecrets(cluster, application, secrets),
    pullCredentials === undefined ? undefined : ensurePullSecrets(cluster, application, pullCredentials),
  ]);
  // It is awaited after what is done beside it.
  applied.catch(() => {});
  return applied;
}

/** What says that a revision that fails is left to a person, if something does. */
function keepOf({ application, inputs }: Deploy): Pick<OpenDeploy, "keep"> {
  if (application.rollback === "never") return { keep: "rollback: never" };
  return inputs.rollbackOnFailure ? {} : { keep: "rollback-on-failure: false" };
}

/** The same is deployed already: only the run that asked for it last is noted, so that an older one is known as older. */
async function unchanged(deploy: Deploy, newest: Revision | undefined): Promise<Deployed> {
  const { cluster, application, context } = deploy;
  const { namespace, release } = application;
  const revision = newest?.number ?? 0;
  await markMade(cluster, namespace, release, revision, markOf(context.run));
  context.runner.info(`${release} revision ${revision} is what is asked for, and healthy: nothing was changed.`);
  return { ...outcome(deploy, newest), revision, status: "unchanged", reason: "" };
}

function superseded(deploy: Deploy, baseline: Revision | undefined, { number, commit }: RunMark): Deployed {
  const { application, context } = deploy;
  const reason = `run ${number} has deployed ${commit.slice(0, 7)} already, which is newer`;
  context.runner.annotate("notice", `${application.release} was left as it is: ${reason}.`, "Superseded");
  return { ...outcome(deploy, baseline), revision: baseline?.number ?? 0, status: "superseded", reason };
}

async function held(deploy: Deploy, { who, why, since }: Hold): Promise<Deployed> {
  const { cluster, application, context } = deploy;
  const baseline = baselineOf(await listRevisions(cluster, application.namespace, application.release));
  const reason = `${who} holds it since ${since}: ${why}`;
  context.runner.annotate("warning", `${application.release} was left as it is; ${reason}.`, "Held");
  return { ...outcome(deploy, baseline), revision: baseline?.number ?? 0, status: "held", reason };
}

function outcome({ application: { url, release, namespace } }: Deploy, baseline: Revision | undefined) {
  return { url, release, namespace, previousRevision: baseline?.number ?? 0 };
}
