import type { Context } from "../core/context.ts";
import { openHelm } from "../core/helm.ts";
import { readKubeconfig } from "../core/kubeconfig.ts";
import { type Images, imagesByComponent, named } from "../deploy/images.ts";
import { type Deployed, run as deploy } from "../deploy/run.ts";
import { probes } from "../tailnet/probe.ts";
import { run as joinTailnet } from "../tailnet/run.ts";
import type { Application, Cluster } from "../validate/application.ts";
import { type Manifest, readManifest } from "../validate/manifest.ts";
import { resolveApplication, resolveDeclaration, sourceOf } from "../validate/resolve.ts";
import { type Credentials, findCredentials } from "./credentials.ts";
import { chooseEnvironment } from "./environment.ts";
import { makeImages } from "./images.ts";
import type { PipelineInputs } from "./inputs.ts";
import { createStages, type Stages, together } from "./stages.ts";
import { renderSummary } from "./summary.ts";

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
  const stages = createStages();
  const summarize = (outcome: Partial<PipelineResult> & { readonly failure?: unknown }) =>
    context.runner.summarize(context.masker.redact(renderSummary({ stages: stages.results, ...outcome })));
  try {
    const result = await runStages(inputs, stages, context);
    summarize({ ...result, failure: result.deployed.failure });
    return result;
  } catch (failure) {
    summarize({ failure });
    throw failure;
  }
}

async function runStages(inputs: PipelineInputs, stages: Stages, context: Context): Promise<PipelineResult> {
  const { manifest, application } = await stages.run("validate", () => load(inputs, context));
  const credentials = await stages.run("secrets", () => findCredentials(inputs, application.cluster, context));
  const kubeconfig = credentials.require("KUBECONFIG_BASE64");
  const { server } = await readKubeconfig(kubeconfig, context.masker);
  const [proxy, images] = await together<[string | undefined, Images]>(
    context,
    (shared) => openPath(server, application, credentials, inputs, stages, shared),
    (shared) => findImages(application, manifest, credentials, inputs, stages, shared),
  );
  const deployed = await stages.run(
    "deploy",
    () =>
      deploy(
        {
          manifest: inputs.manifest,
          environment: application.environment,
          images,
          kubeconfig,
          proxy,
          cluster: inputs.cluster,
          timeout: inputs.timeout,
          lockTimeout: inputs.lockTimeout,
          rollbackOnFailure: inputs.rollbackOnFailure,
          verify: inputs.verify,
          onFirstInstallFailure: "keep",
          pullCredentials: pullCredentialsOf(credentials),
          toolMirror: inputs.toolMirror,
        },
        context,
      ),
    ({ failure }) => failure !== undefined,
  );
  return { deployed, images };
}

async function load(
  inputs: PipelineInputs,
  context: Context,
): Promise<{ manifest: Manifest; application: Application }> {
  const { cluster, toolMirror } = inputs;
  const [manifest, helm] = await Promise.all([
    readManifest(inputs.manifest, context),
    openHelm(context, toolMirror === undefined ? {} : { mirror: toolMirror }),
  ]);
  const source = sourceOf(manifest, cluster, context);
  const environment = inputs.environment ?? chooseEnvironment(await resolveDeclaration(source, helm), context.run);
  const application = await resolveApplication(source, environment, named(inputs.image ?? {}), helm);
  context.runner.info(`${application.name} for ${environment}: release ${application.release}`);
  return { manifest, application };
}

/** Joins the tailnet when there is a key for one, and gives the proxy that leads into it. */
async function openPath(
  server: URL,
  { cluster }: Application,
  credentials: Credentials,
  { toolMirror }: PipelineInputs,
  stages: Stages,
  context: Context,
): Promise<string | undefined> {
  const behindTailnet = /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\.ts\.net$/.test(server.hostname);
  const authKey = behindTailnet ? credentials.require("TAILSCALE_AUTH_KEY") : credentials.get("TAILSCALE_AUTH_KEY");
  if (authKey === undefined) return undefined;
  const probe = probes(new URL("/readyz", server).href);
  const inputs = { ...tailnetOf(cluster), authKey, probe, toolMirror };
  const { proxy } = await stages.run("tailnet", () => joinTailnet(inputs, context));
  return proxy;
}

/** How a cluster's tailnet is joined; an empty control server is Tailscale's own. */
export function tailnetOf({ tailnet: { controlUrl } }: Pick<Cluster, "tailnet">) {
  return { ...joining, controlUrl: controlUrl || undefined };
}

/** Userspace: only Helm and the cluster client are given the way into the tailnet, nothing else on the runner is. */
const joining = { mode: "userspace", acceptDns: false, timeout: 30_000, retries: 2 } as const;

async function findImages(
  application: Application,
  manifest: Manifest,
  credentials: Credentials,
  inputs: PipelineInputs,
  stages: Stages,
  context: Context,
): Promise<Images> {
  const { image } = inputs;
  if (image !== undefined) return imagesByComponent(image, application);
  return await stages.run("image", () => makeImages(application, manifest, credentials, inputs, context));
}

function pullCredentialsOf(credentials: Credentials) {
  const username = credentials.get("DOCKER_REGISTRY_USERNAME");
  const password = credentials.get("DOCKER_REGISTRY_PASSWORD");
  return username !== undefined && password !== undefined ? { username, password } : undefined;
}
