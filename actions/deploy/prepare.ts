import { openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { writePrivateFile } from "../core/files.ts";
import { openHelm } from "../core/helm.ts";
import { kubeconfigText } from "../core/kubeconfig.ts";
import { readManifest } from "../validate/manifest.ts";
import { renderObjects, resolveApplication, sourceOf } from "../validate/resolve.ts";
import { deadlineOf } from "./deadline.ts";
import { nameSecrets, secretNames } from "./delivery/secrets.ts";
import { readSyncedSets } from "./delivery/values.ts";
import { type Images, imagesByComponent, named } from "./images.ts";
import type { DeployInputs } from "./inputs.ts";
import { pullSecretName } from "./namespace.ts";
import type { Journal } from "./report/journal.ts";
import type { Deploy } from "./rollout.ts";

/**
 * Reads the manifest, reaches the cluster and renders the release, at the same time as far as one does not need the other.
 *
 * @param fence aborted when nothing may be written any more.
 * @throws FairleadError of whatever is wrong with the inputs, the manifest or the way to the cluster.
 */
export async function prepare(
  inputs: DeployInputs,
  context: Context,
  fence: AbortSignal,
  journal: Journal,
): Promise<Deploy> {
  const begun = performance.now();
  const { runner } = context;
  const [cluster, manifest] = await Promise.all([reach(inputs, context), readManifest(inputs.manifest, context)]);
  const kubeconfig = await writePrivateFile(context.folder, "kubeconfig", cluster.kubeconfig);
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  const [helm, version] = await Promise.all([openHelm(context, { ...mirror, kubeconfig, fence }), cluster.version()]);
  runner.info(`Kubernetes ${version}`);
  const source = sourceOf(manifest, inputs.cluster, context);
  const resolve = (images: Images) => resolveApplication(source, inputs.environment, images, helm);
  const { images: given } = inputs;
  const images = "*" in given ? imagesByComponent(given, await resolve(named(given))) : given;
  const values = { "deploy.images": images };
  const render = (more: Deploy["values"]) => renderObjects(source, inputs.environment, helm, { ...values, ...more });
  // Right away, as it mostly is; where a name is not known yet it has a stand-in, and this is not used.
  const [application, plain] = await Promise.all([resolve(images), render({ "deploy.preview": true })]);
  const end = begun + deadlineOf(application, inputs.timeout);
  journal.learn({ application, images });
  const sets = await readSyncedSets(application, inputs.identity, context);
  const secrets = await nameSecrets(cluster, application, sets);
  const pullSecret = inputs.pullCredentials === undefined ? {} : { "deploy.pullSecret": pullSecretName(application) };
  const more = { ...pullSecret, ...secretNames(secrets) };
  const rendered = Object.keys(more).length === 0 ? plain : await render(more);
  const made = { source, application, secrets, values: { ...values, ...more }, rendered };
  return { inputs: { ...inputs, images }, context, journal, cluster, helm, ...made, end };
}

async function reach({ kubeconfig, proxy }: DeployInputs, { workspace, masker, signal }: Context) {
  return await openCluster({ kubeconfig: await kubeconfigText(kubeconfig, workspace), proxy, masker, signal });
}
