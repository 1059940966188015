import type { Context } from "../core/context.ts";
import { openHelm } from "../core/helm.ts";
import { readKubeconfig } from "../core/kubeconfig.ts";
import type { Deployed } from "../deploy/deployed.ts";
import { type Images, imagesByComponent, named } from "../deploy/images.ts";
import { createJournal, type Journal } from "../deploy/report/journal.ts";
import { published } from "../deploy/report/publish.ts";
import { run as deploy } from "../deploy/run.ts";
import { identityOf } from "../secrets/identity.ts";
import type { Application } from "../validate/application.ts";
import { type Manifest, readManifest } from "../validate/manifest.ts";
import { resolveApplication, resolveDeclaration, sourceOf } from "../validate/resolve.ts";
import { type Credentials, findCredentials } from "./credentials.ts";
import { chooseEnvironment } from "./environment.ts";
import { makeImages } from "./images.ts";
import type { PipelineInputs } from "./inputs.ts";
import { checkDirection, promotedImages } from "./promote.ts";
import { checkControlUrl, openWay, tailnetLogin, type Way } from "./tailnet.ts";
import { together } from "./together.ts";

/** What the whole way came to. */
export interface PipelineResult {
  readonly deployed: Deployed;
  /** `repository@digest` by component. */
  readonly images: Images;
}

/**
 * The whole way from a commit to a healthy release: load, fetch credentials, join the tailnet while the image is built,
 * deploy. Writes the job summary, also when a stage fails.
 *
 * @throws FairleadError of the stage that failed; a rollout that failed is given back in `deployed.failure`.
 */
export async function run(inputs: PipelineInputs, context: Context): Promise<PipelineResult> {
  const journal = createJournal();
  return await published(journal, context, () => runStages(inputs, journal, context));
}

async function runStages(inputs: PipelineInputs, journal: Journal, context: Context): Promise<PipelineResult> {
  const { manifest, application, origin } = await journal.stage("validate", () => load(inputs, context));
  const credentials = await journal.stage("secrets", () => findCredentials(inputs, application.cluster, context));
  const kubeconfig = credentials.require("KUBECONFIG_BASE64");
  const [way, made] = await prepare(application, manifest, kubeconfig, credentials, inputs, journal, context);
  const images =
    origin === undefined || inputs.promote === undefined
      ? made
      : await promotedImages(
          { from: origin, to: application },
          inputs.promote,
          { kubeconfig, proxy: way?.proxy },
          context,
        );
  const given = {
    manifest: inputs.manifest,
    environment: application.environment,
    images,
    kubeconfig,
    proxy: way?.proxy,
    inTailnet: way !== undefined,
    cluster: inputs.cluster,
    skipJobs: inputs.skipJobs,
    timeout: inputs.timeout,
    lockTimeout: inputs.lockTimeout,
    rollbackOnFailure: inputs.rollbackOnFailure,
    verify: inputs.verify,
    onFirstInstallFailure: "keep",
    pullCredentials: pullCredentialsOf(credentials),
    identity: identityOf(inputs),
    dryRun: inputs.dryRun,
    toolMirror: inputs.toolMirror,
  } as const;
  return { deployed: await deploy(given, context, { journal }), images };
}

/** Opens the way to the cluster and makes the images: at the same time, unless they are pushed over the tailnet. */
async function prepare(
  application: Application,
  manifest: Manifest,
  kubeconfig: string,
  credentials: Credentials,
  inputs: PipelineInputs,
  journal: Journal,
  context: Context,
): Promise<[way: Way | undefined, Images]> {
  const { cluster } = application;
  const read = await readKubeconfig(kubeconfig, context.masker);
  const login = tailnetLogin(read.server, cluster, credentials);
  const open = async (shared: Context) =>
    login && (await journal.stage("tailnet", () => openWay(login, read, cluster, inputs.toolMirror, shared)));
  const make = (shared: Context) => findImages(application, manifest, credentials, inputs, journal, shared);
  if (cluster.tailnet.registry) return [await open(context), await make(context)];
  return await together<[Way | undefined, Images]>(context, open, make);
}

async function load(
  inputs: PipelineInputs,
  context: Context,
): Promise<{ manifest: Manifest; application: Application; origin: Application | undefined }> {
  const { cluster, toolMirror, promote } = inputs;
  const manifest = await readManifest(inputs.manifest, context);
  const helm = await openHelm(context, toolMirror === undefined ? {} : { mirror: toolMirror });
  const source = await sourceOf(manifest, cluster, context);
  const environment = inputs.environment ?? chooseEnvironment(await resolveDeclaration(source, helm), context.run);
  const application = await resolveApplication(source, environment, named(inputs.image ?? {}), helm);
  checkControlUrl(application.cluster);
  context.runner.info(`${application.name} for ${environment}: release ${application.release}`);
  if (promote === undefined) return { manifest, application, origin: undefined };
  const origin = await resolveApplication(source, promote.environment, {}, helm);
  checkDirection({ from: origin, to: application });
  return { manifest, application, origin };
}

async function findImages(
  application: Application,
  manifest: Manifest,
  credentials: Credentials,
  inputs: PipelineInputs,
  journal: Journal,
  context: Context,
): Promise<Images> {
  const { image } = inputs;
  if (image !== undefined) return imagesByComponent(image, application);
  // A dry run makes nothing, no image either; promoted ones are there already.
  if (inputs.dryRun || inputs.promote !== undefined) return {};
  return await journal.stage("image", () => makeImages(application, manifest, credentials, inputs, context));
}

function pullCredentialsOf(credentials: Credentials) {
  const username = credentials.get("DOCKER_REGISTRY_USERNAME");
  const password = credentials.get("DOCKER_REGISTRY_PASSWORD");
  return username !== undefined && password !== undefined ? { username, password } : undefined;
}
