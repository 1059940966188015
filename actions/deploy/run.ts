import { openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import type { FairleadError } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import { openHelm } from "../core/helm.ts";
import { readManifest } from "../validate/manifest.ts";
import { resolveApplication, sourceOf, valueFiles } from "../validate/resolve.ts";
import { type Images, imagesByComponent, named } from "./images.ts";
import type { DeployInputs } from "./inputs.ts";
import { ensureNamespace, ensurePullSecret } from "./namespace.ts";
import { giveUp, undoApply } from "./recover.ts";
import { baselineOf, listRevisions, markVerified, type Revision, revisionLabels } from "./releases.ts";
import { type Deploy, firstInstallCrashes, remaining, usualCrashes, watch } from "./rollout.ts";

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
  const recovered = await applyAndWatch(deploy, number, baseline, pullSecret);
  if (recovered !== undefined) return { ...outcome(deploy, baseline), ...recovered };
  await markVerified(cluster, application.namespace, application.release, number);
  context.runner.info(`${application.release} revision ${number} is healthy: ${application.url}`);
  return { ...outcome(deploy, baseline), revision: number, status: "deployed", reason: "" };
}

/** Gives what became of a revision that failed, undefined for a healthy one. */
async function applyAndWatch(deploy: Deploy, number: number, baseline: Revision | undefined, pullSecret?: string) {
  try {
    await apply(deploy, number, pullSecret);
  } catch (thrown) {
    return await undoApply(deploy, number, baseline, thrown);
  }
  const verdict = await watch(deploy, number === 1 ? firstInstallCrashes : usualCrashes);
  return verdict.state === "failing" ? await giveUp(deploy, number, baseline, verdict) : undefined;
}

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
  const source = sourceOf(manifest, inputs.cluster, context);
  const resolve = (images: Images) => resolveApplication(source, inputs.environment, images, helm);
  const { images: given } = inputs;
  const images = "*" in given ? imagesByComponent(given, await resolve(named(given))) : given;
  const application = await resolve(images);
  return { inputs: { ...inputs, images }, context, cluster, helm, source, application, end };
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

function outcome({ application: { url, release, namespace } }: Deploy, baseline: Revision | undefined) {
  return { url, release, namespace, previousRevision: baseline?.number ?? 0 };
}
