import { join } from "node:path";
import { type Cluster, openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { discover } from "../core/discovery.ts";
import { writePrivateFile } from "../core/files.ts";
import { openHelm } from "../core/helm.ts";
import { kubeconfigText } from "../core/kubeconfig.ts";
import type { Runner } from "../core/runner.ts";
import { type Manifest, readManifest } from "../validate/manifest.ts";
import { drawApplication, renderObjects, resolveApplication, sourceOf } from "../validate/resolve.ts";
import { findChart } from "./chart.ts";
import { deadlineOf } from "./deadline.ts";
import { nameSecrets, secretNames } from "./delivery/secrets.ts";
import { readSyncedSets } from "./delivery/values.ts";
import { imagesByComponent, named } from "./images.ts";
import { type DeployInputs, placeOf } from "./inputs.ts";
import { pullSecretName } from "./namespace.ts";
import { outdated } from "./preflight/version.ts";
import type { Journal } from "./report/journal.ts";
import type { Deploy, Known } from "./rollout.ts";

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
  const [reached, drawn] = await Promise.all([reach(inputs, context), draw(inputs, context, fence)]);
  const { helm, source, application, images, values, sets, plain, render } = drawn;
  journal.learn({ application, images });
  const { skipJobs = [] } = inputs;
  if (skipJobs.length > 0)
    context.runner.annotate("notice", `Left out of this deploy: ${skipJobs.join(", ")}. The next one runs it.`, "Jobs");
  const end = begun + deadlineOf(application, inputs.timeout);
  const secrets = await nameSecrets(reached.cluster, application, sets);
  const more = secretNames(secrets);
  const rendered = Object.keys(more).length === 0 ? plain : await render(more);
  const made = { helm, source, application, secrets, values: { ...values, ...more }, rendered };
  return { ...reached, ...made, inputs: { ...inputs, images }, context, journal, end };
}

/** Where Helm and the post step find the kubeconfig, in the folder of the step. */
const kubeconfigFile = "kubeconfig";

async function reach({ kubeconfig, proxy }: DeployInputs, { workspace, folder, masker, signal, runner }: Context) {
  const cluster = await openCluster({ kubeconfig: await kubeconfigText(kubeconfig, workspace), proxy, masker, signal });
  await writePrivateFile(folder, kubeconfigFile, cluster.kubeconfig);
  const known = askWhatIsKnown(cluster, runner);
  // Whoever needs it learns why it is not known.
  known.catch(() => {});
  return { cluster, known };
}

async function askWhatIsKnown(cluster: Cluster, runner: Runner): Promise<Known> {
  const [version, resources, user] = await Promise.all([cluster.version(), discover(cluster), userOf(cluster)]);
  runner.info(`Kubernetes ${version}, as ${user}`);
  const old = outdated(version);
  if (old !== undefined) runner.annotate("warning", old, "Kubernetes");
  return { resources, user };
}

/** Whom a cluster takes us for; Kubernetes tells since 1.28. */
async function userOf(cluster: Cluster): Promise<string> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const answer = await cluster.call({ method: "POST", path, contentType: "application/json", body });
  if (answer.status !== 201) return "the user of the kubeconfig";
  return `the user ${JSON.parse(answer.body).status?.userInfo?.username}`;
}

/** Resolves and renders the application; Helm needs no cluster for that. */
async function draw(inputs: DeployInputs, context: Context, fence: AbortSignal) {
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  // First, since it takes no time: the search for Helm would outlive a step that ends for want of a manifest.
  const manifest = await readManifest(inputs.manifest, context);
  const helm = await openHelm(context, { ...mirror, kubeconfig: join(context.folder, kubeconfigFile), fence });
  const source = {
    ...(await sourceOf(manifest, inputs.cluster, context)),
    chart: await findChart(inputs.chart, helm, context),
    set: placeOf(inputs),
  };
  const { environment, images: given, pullCredentials, skipJobs = [] } = inputs;
  const images =
    "*" in given ? imagesByComponent(given, await resolveApplication(source, environment, named(given), helm)) : given;
  const pullSecret = pullCredentials === undefined ? {} : { "deploy.pullSecret": pullSecretName(nameIn(manifest)) };
  const skipped = skipJobs.length === 0 ? {} : { "deploy.skip": skipJobs };
  const values = { "deploy.images": images, ...pullSecret, ...skipped };
  // A name that is not known yet has a stand-in; where there is one, the objects are not used.
  const { application, objects } = await drawApplication(source, environment, values, helm);
  const sets = await readSyncedSets(application, inputs.identity, context);
  const render = (more: Deploy["values"]) => renderObjects(source, environment, helm, { ...values, ...more });
  return { helm, source, images, values, application, sets, plain: objects, render };
}

/** The name of the application; one that is missing is told by the resolver. */
function nameIn({ content }: Manifest): string {
  return String((content as { readonly metadata?: { readonly name?: unknown } })?.metadata?.name);
}
