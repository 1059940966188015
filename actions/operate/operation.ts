import { join } from "node:path";
import { type Cluster, openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import { type Helm, openHelm } from "../core/helm.ts";
import { kubeconfigText } from "../core/kubeconfig.ts";
import { deadlineOf } from "../deploy/deadline.ts";
import { createLogKeeper } from "../deploy/evidence/logs.ts";
import { placeOf } from "../deploy/inputs.ts";
import { type KeptRelease, listRevisions, readContentOf } from "../deploy/releases/read.ts";
import type { Revision } from "../deploy/releases/revision.ts";
import { scopeOf, type Watching } from "../deploy/rollout.ts";
import { openStore, type Scope } from "../deploy/tracking/store.ts";
import type { Application } from "../validate/application.ts";
import { readManifest } from "../validate/manifest.ts";
import { resolveApplication, resolveKept, sourceOf } from "../validate/resolve.ts";
import type { OperateInputs } from "./inputs.ts";
import { runningApplication } from "./running.ts";

/** Everything that an operation works on. */
export interface Operation {
  readonly inputs: OperateInputs;
  readonly context: Context;
  readonly cluster: Cluster;
  /** The same for what has to be done also when the job is cancelled: giving the lock back, clearing up. */
  readonly lasting: Cluster;
  readonly helm: Helm;
  /** As it was deployed last, where that can be told from the release; else as the manifest has it. */
  readonly application: Application;
  /** Newest first. */
  readonly revisions: readonly Revision[];
  /** Milliseconds that what is changed may take to become healthy. */
  readonly timeout: number;
}

const kubeconfigFile = "kubeconfig";

/**
 * Finds the release that a manifest and an environment name, and what is known of it. A manifest that is broken does not
 * matter where the release is found without it.
 *
 * @param fence aborted when nothing may be written any more.
 * @throws FairleadError of whatever is wrong with the manifest or the way to the cluster.
 */
export async function openOperation(inputs: OperateInputs, context: Context, fence: AbortSignal): Promise<Operation> {
  const { workspace, folder, masker, signal } = context;
  const kubeconfig = await kubeconfigText(inputs.kubeconfig, workspace);
  const [cluster, lasting] = await Promise.all([
    openCluster({ kubeconfig, masker, signal }),
    openCluster({ kubeconfig, masker, signal: new AbortController().signal }),
  ]);
  await writePrivateFile(folder, kubeconfigFile, cluster.kubeconfig);
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  const helm = await openHelm(context, { ...mirror, kubeconfig: join(folder, kubeconfigFile), fence });
  const application = await writtenApplication(inputs, context, helm).catch(async (thrown) => {
    signal.throwIfAborted();
    if (!isAboutManifest(thrown)) throw thrown;
    return await runningApplication(thrown, { inputs, context, cluster });
  });
  const revisions = await listRevisions(cluster, application.namespace, application.release);
  return await goingBy(revisions, { inputs, context, cluster, lasting, helm, application });
}

/** The application as the manifest in the checkout has it. */
async function writtenApplication(inputs: OperateInputs, context: Context, helm: Helm): Promise<Application> {
  const manifest = await readManifest(inputs.manifest, context);
  const source = { ...(await sourceOf(manifest, inputs.cluster, context)), set: placeOf(inputs) };
  return await resolveApplication(source, inputs.environment, {}, helm);
}

/** Whether a fault is in the files of the checkout: the manifest, or the facts on the cluster that lie beside it. */
function isAboutManifest(thrown: unknown): thrown is FairleadError {
  return thrown instanceof FairleadError && /^(MANIFEST_INVALID|HELM_FAILED)$/.test(thrown.code);
}

/** The operation on what these revisions deployed last; on the application that it has where that cannot be told. */
export async function goingBy(
  revisions: readonly Revision[],
  operation: Omit<Operation, "revisions" | "timeout">,
): Promise<Operation> {
  const { inputs, helm, context } = operation;
  const kept = await contentOf(operation, revisions[0]);
  const application = (await applicationOf(kept, helm, context)) ?? operation.application;
  return { ...operation, application, revisions, timeout: timeoutOf(inputs, application) };
}

/** Only where pods have to become ready, a time that the manifest allows them must not be cut short. */
function timeoutOf({ operation, timeout }: OperateInputs, application: Application): number {
  const makesPods = /^(rollback|restart|scale)$/.test(operation);
  return makesPods ? deadlineOf(application, timeout) : (timeout ?? deadlineOf(application, undefined));
}

/** What a revision is made of; undefined for none. */
export async function contentOf(
  { cluster, application: { namespace, release } }: Pick<Operation, "cluster" | "application">,
  revision: Revision | undefined,
): Promise<KeptRelease | undefined> {
  return revision === undefined ? undefined : await readContentOf(cluster, namespace, release, revision.number);
}

/**
 * The application that a revision was made from: the manifest in the checkout may be another by now. Undefined for a
 * release that was not made from a manifest.
 */
export async function applicationOf(
  content: KeptRelease | undefined,
  helm: Helm,
  { folder }: Pick<Context, "folder">,
): Promise<Application | undefined> {
  if (content === undefined) return undefined;
  const { values, facts } = content;
  const files =
    facts === undefined ? [] : [await writePrivateFile(folder, "cluster.json", JSON.stringify({ cluster: facts }))];
  return await resolveKept({ files, overlay: values }, helm);
}

/** Begins to watch the objects of a release, or others; `using` ends it. */
export async function openWatching(
  { cluster, application, context, timeout }: Operation,
  scope: Scope = scopeOf(application),
): Promise<Watching & Disposable> {
  const store = await openStore(cluster, scope);
  const logs = createLogKeeper(cluster);
  const end = performance.now() + timeout;
  return { cluster, application, context, store, logs, end, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

/** An operation that does not fit: nothing was changed. */
export function refused(message: string, fix: string): FairleadError {
  return new FairleadError({ code: "OPERATION_REFUSED", message, fix });
}

/** The operation of one that was begun and did not come to its end. */
export function failed(message: string, fix: string, details = ""): FairleadError {
  return new FairleadError({ code: "OPERATION_FAILED", message, fix, ...(details === "" ? {} : { details }) });
}

/** Who asks for an operation, and when, for people who read it later. */
export function whoAndWhen({ context: { run } }: Pick<Operation, "context">) {
  return { who: run.actor || "somebody", since: new Date().toISOString().replace(/\.\d+Z$/, "Z") };
}
