import { isAbsolute, join } from "node:path";
import { type Cluster, openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import { bundledChart, type Helm, openHelm } from "../core/helm.ts";
import type { Application } from "../validate/application.ts";
import { readManifest } from "../validate/manifest.ts";
import { resolveApplication, type Source, valueFiles } from "../validate/resolve.ts";
import { collectEvidence } from "./evidence.ts";
import type { DeployInputs } from "./inputs.ts";
import { ensureNamespace, ensurePullSecret } from "./namespace.ts";
import { baselineOf, listRevisions, markFailed, markVerified, type Revision, revisionLabels } from "./releases.ts";
import { takeSnapshot } from "./snapshot.ts";
import { track, type Verdict } from "./tracker.ts";

/** What a deploy came to. `failure` is set when the step has to fail; the other fields are true all the same. */
export interface Deployed {
  readonly url: string;
  readonly release: string;
  readonly namespace: string;
  /** The revision that serves now, 0 for none. */
  readonly revision: number;
  readonly previousRevision: number;
  readonly status: "deployed" | "rolled-back" | "failed";
  readonly reason: string;
  readonly failure?: FairleadError;
}

/** Everything that the steps of one deploy share. */
interface Deploy {
  readonly inputs: DeployInputs;
  readonly context: Context;
  readonly cluster: Cluster;
  readonly helm: Helm;
  readonly source: Source;
  readonly application: Application;
  /** When time is up, on the clock of `performance.now()`. */
  readonly end: number;
}

/**
 * Deploys an application: Helm applies it, the tracker decides. A rollout that does not become healthy goes back to the
 * baseline; a first install that fails is kept for diagnosis, or uninstalled.
 *
 * @throws FairleadError for everything that is found before the release is touched, and for what Helm refuses.
 */
export async function run(inputs: DeployInputs, context: Context): Promise<Deployed> {
  if (inputs.pullCredentials !== undefined) context.masker.add(inputs.pullCredentials.password);
  const deploy = await prepare(inputs, context);
  const { cluster, application } = deploy;
  await ensureNamespace(cluster, application);
  const pullSecret =
    inputs.pullCredentials === undefined
      ? undefined
      : await ensurePullSecret(cluster, application, inputs.pullCredentials);
  const revisions = await listRevisions(cluster, application.namespace, application.release);
  const number = (revisions[0]?.number ?? 0) + 1;
  const baseline = baselineOf(revisions);
  await apply(deploy, number, pullSecret);
  const verdict = await watch(deploy, revisions.length === 0 ? firstInstallCrashes : usualCrashes);
  if (verdict.state === "failing") return await giveUp(deploy, number, baseline, verdict);
  await markVerified(cluster, application.namespace, application.release, number);
  context.runner.info(`${application.release} revision ${number} is healthy: ${application.url}`);
  return { ...outcome(deploy, number, baseline), status: "deployed", reason: "" };
}

// A first install starts beside databases that are not ready yet, so it gets more tries.
const usualCrashes = 3;
const firstInstallCrashes = 5;

async function prepare(inputs: DeployInputs, context: Context): Promise<Deploy> {
  const end = performance.now() + inputs.timeout;
  const { masker, signal, runner } = context;
  const [cluster, manifest] = await Promise.all([
    openCluster({ kubeconfig: inputs.kubeconfig, proxy: inputs.proxy, masker, signal }),
    readManifest(inputs.manifest, context),
  ]);
  const kubeconfig = await writePrivateFile(context.folder, "kubeconfig", cluster.kubeconfig);
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  const [helm, version] = await Promise.all([openHelm(context, { ...mirror, kubeconfig }), cluster.version()]);
  runner.info(`Kubernetes ${version}`);
  const source = { manifest, chart: bundledChart(), ...clusterFileOf(inputs, context) };
  const images = await imagesOf(inputs, source, helm);
  const application = await resolveApplication(source, inputs.environment, images, helm);
  return { inputs: { ...inputs, images }, context, cluster, helm, source, application, end };
}

function clusterFileOf({ cluster }: DeployInputs, { workspace }: Context): { clusterFile?: string } {
  if (cluster === undefined) return {};
  return { clusterFile: isAbsolute(cluster) ? cluster : join(workspace, cluster) };
}

/** One reference without a name goes to every component that is built. */
async function imagesOf({ images, environment }: DeployInputs, source: Source, helm: Helm) {
  const { "*": shared, ...named } = images;
  if (shared === undefined) return named;
  const { components } = await resolveApplication(source, environment, {}, helm);
  const built = Object.entries(components).filter(([, component]) => component.build !== undefined);
  return { ...Object.fromEntries(built.map(([name]) => [name, shared])), ...named };
}

async function apply({ helm, source, inputs, application, context, end }: Deploy, number: number, pullSecret?: string) {
  const { run: workflowRun } = context;
  await helm.upgrade({
    release: application.release,
    namespace: application.namespace,
    chart: source.chart,
    values: {
      files: valueFiles(source),
      set: {
        environment: inputs.environment,
        "deploy.images": inputs.images,
        ...(pullSecret === undefined ? {} : { "deploy.pullSecret": pullSecret }),
      },
    },
    labels: revisionLabels(number),
    description: `${workflowRun.commit.slice(0, 7)} ${workflowRun.url}`,
    timeout: remaining(end),
  });
  context.runner.info(`${application.release} revision ${number} is applied in namespace ${application.namespace}`);
}

async function watch({ cluster, application, context, end }: Deploy, crashes: number): Promise<Verdict> {
  return await track({
    look: () => takeSnapshot(cluster, application.namespace, application.release),
    progress: (line) => context.runner.info(line),
    patience: { crashes },
    timeout: remaining(end),
    signal: context.signal,
  });
}

/** Evidence first, then the way back. */
async function giveUp(
  deploy: Deploy,
  number: number,
  baseline: Revision | undefined,
  { fault, snapshot }: Extract<Verdict, { state: "failing" }>,
): Promise<Deployed> {
  const { cluster, application, context } = deploy;
  const { namespace, release } = application;
  const details = context.masker.redact(await collectEvidence(cluster, namespace, fault, snapshot));
  await markFailed(cluster, namespace, release, number, fault.cause);
  const after = await goBack(deploy, baseline);
  const message = `${release} revision ${number} did not become healthy: ${fault.cause}. ${after.sentence}`;
  const failure = new FairleadError({ code: "DEPLOY_FAILED", message, fix: fault.fix, details });
  return { ...outcome(deploy, after.revision, baseline), status: after.status, reason: fault.cause, failure };
}

/** What serves after a failed deploy, and the sentence that says so. */
interface After {
  readonly status: "rolled-back" | "failed";
  readonly revision: number;
  readonly sentence: string;
}

async function goBack(deploy: Deploy, baseline: Revision | undefined): Promise<After> {
  const { inputs, application } = deploy;
  if (baseline === undefined) return await afterFirstInstall(deploy);
  if (!inputs.rollbackOnFailure) {
    const command = `helm rollback ${application.release} ${baseline.number} -n ${application.namespace}`;
    return { status: "failed", revision: baseline.number, sentence: `It was left as it is; \`${command}\` goes back.` };
  }
  return await rollBack(deploy, baseline);
}

async function afterFirstInstall({ inputs, helm, application }: Deploy): Promise<After> {
  const { release, namespace } = application;
  if (inputs.onFirstInstallFailure === "keep") {
    const sentence = `It is the first install, so it was kept for diagnosis in namespace ${namespace}; nothing serves.`;
    return { status: "failed", revision: 0, sentence };
  }
  await helm.uninstall(release, namespace, rollbackTime);
  return {
    status: "failed",
    revision: 0,
    sentence: "It was the first install, so it was uninstalled; nothing serves.",
  };
}

/** Milliseconds that a rollback gets beyond the deadline of the deploy: leaving it half-done would be worse. */
const rollbackTime = 120_000;

async function rollBack(deploy: Deploy, baseline: Revision): Promise<After> {
  const { helm, cluster, application, context } = deploy;
  const { release, namespace } = application;
  const from = performance.now();
  await helm.rollback(release, namespace, baseline.number, rollbackTime);
  const [newest] = await listRevisions(cluster, namespace, release);
  const revision = newest?.number ?? baseline.number;
  const verdict = await watch({ ...deploy, end: from + rollbackTime }, usualCrashes);
  if (verdict.state === "failing") {
    const sentence = `The rollback to revision ${baseline.number} did not become healthy either: ${verdict.fault.cause}.`;
    return { status: "failed", revision, sentence };
  }
  await markVerified(cluster, namespace, release, revision);
  context.runner.info(`Rolled back to revision ${baseline.number} in ${formatDuration(performance.now() - from)}`);
  return { status: "rolled-back", revision, sentence: `Revision ${baseline.number} serves again.` };
}

function outcome({ application }: Deploy, revision: number, baseline: Revision | undefined) {
  const { url, release, namespace } = application;
  return { url, release, namespace, revision, previousRevision: baseline?.number ?? 0 };
}

function remaining(end: number): number {
  return Math.max(1_000, end - performance.now());
}
