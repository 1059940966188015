import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Context } from "../core/context.ts";
import { messageOf } from "../core/errors.ts";
import { bundledChart } from "../core/helm.ts";
import { invalidInputs } from "../core/inputs.ts";
import { maskKubeconfig } from "../core/kubeconfig.ts";
import { identityInputs } from "../secrets/identity.ts";
import { serverAddressIn } from "../secrets/inputs.ts";
import { readFolders } from "../secrets/run.ts";
import { tokenVariable } from "./access/clients.ts";
import type { BootstrapInputs } from "./inputs.ts";

/** Facts about the cluster that bootstrap goes by. */
export interface ClusterFacts {
  readonly registry: string;
  /** Whether the registry is reached over the tailnet only. */
  readonly registryInTailnet: boolean;
  readonly infisical: Readonly<Record<"url" | "project" | "path" | "environment" | "bootstrapPath", string>>;
}

/** What Infisical adds to the inputs. */
export type Credentials = Pick<BootstrapInputs, "tokens" | "kubeconfig" | "registryLogin">;

/** What is read of the values; each part of a team's file is laid over the chart's. */
interface ClusterValues {
  readonly registry: string;
  readonly infisical: ClusterFacts["infisical"];
  readonly tailnet?: { readonly registry?: boolean };
}

/** The facts of the chart's own values with those of the team's file laid over them. @throws FairleadError INPUT_INVALID */
export async function clusterFacts({ cluster }: BootstrapInputs, { workspace }: Context): Promise<ClusterFacts> {
  const { load } = await import("js-yaml");
  const read = (file: string): unknown =>
    (load(readFileSync(file, "utf8")) as { readonly cluster?: unknown } | null | undefined)?.cluster;
  const own = read(join(bundledChart(), "values.yaml")) as ClusterValues;
  const given = cluster === undefined ? undefined : factsIn(cluster, () => read(resolve(workspace, cluster)));
  return {
    registry: given?.registry ?? own.registry,
    registryInTailnet: given?.tailnet?.registry ?? own.tailnet?.registry ?? false,
    infisical: { ...own.infisical, ...given?.infisical },
  };
}

function factsIn(file: string, read: () => unknown): Partial<ClusterValues> {
  const wrong = (what: string) => invalidInputs([`\`cluster\` names the file ${file}, which ${what}`]);
  let facts: unknown;
  try {
    facts = read();
  } catch (thrown) {
    throw wrong(`cannot be read: ${messageOf(thrown)}`);
  }
  if (typeof facts === "object" && facts !== null) return facts;
  throw wrong("has no key `cluster` with facts");
}

/**
 * Takes what the environment of the step lacks from Infisical: the tokens of the owners, and what the preconditions need.
 * Nothing else of the folders is taken.
 *
 * @throws FairleadError INFISICAL_…
 */
export async function findCredentials(
  inputs: BootstrapInputs,
  owners: readonly string[],
  { infisical }: ClusterFacts,
  context: Context,
): Promise<Credentials> {
  await maskGiven(inputs, context);
  const { identity, tokens, app } = inputs;
  const missing = owners.filter((owner) => app === undefined && tokens[owner.toLowerCase()] === undefined);
  const wanted = [
    { path: infisical.bootstrapPath, keys: missing.map(tokenVariable) },
    { path: infisical.path, keys: clusterKeys(inputs) },
  ].filter(({ keys }) => keys.length > 0);
  if (identity === undefined || wanted.length === 0)
    return { ...inputs, kubeconfig: textOf(inputs.kubeconfig, context) };
  const { project, environment } = infisical;
  const names = { ...settings, identity: identityInputs(identity, "infisical-") };
  const connection = { ...identity, url: serverAddressIn(settings.url, infisical.url), timeout, settings: names };
  const folders = wanted.map(({ path, keys }) => ({ project, environment, path, keys }));
  const found = new Map((await readFolders(connection, folders, context)).flatMap((values) => [...values]));
  const fetched = missing.flatMap((owner) => {
    const token = found.get(tokenVariable(owner));
    return token === undefined ? [] : [[owner.toLowerCase(), token] as const];
  });
  const [username, password] = [found.get("DOCKER_REGISTRY_USERNAME"), found.get("DOCKER_REGISTRY_PASSWORD")];
  const login = username !== undefined && password !== undefined ? { username, password } : undefined;
  return {
    tokens: { ...tokens, ...Object.fromEntries(fetched) },
    kubeconfig: textOf(inputs.kubeconfig, context) ?? found.get("KUBECONFIG_BASE64"),
    registryLogin: inputs.registryLogin ?? login,
  };
}

function clusterKeys({ preflight, only, kubeconfig, registryLogin }: BootstrapInputs): string[] {
  const looks = only === "missing" || preflight === undefined || preflight.includes("cluster");
  const pulls = preflight === undefined || preflight.includes("registry") || preflight.includes("chart");
  return [
    ...(looks && kubeconfig === undefined ? ["KUBECONFIG_BASE64"] : []),
    ...(pulls && registryLogin === undefined ? ["DOCKER_REGISTRY_USERNAME", "DOCKER_REGISTRY_PASSWORD"] : []),
  ];
}

async function maskGiven({ tokens, app, kubeconfig, registryLogin, identity }: BootstrapInputs, { masker }: Context) {
  for (const token of Object.values(tokens)) masker.add(token);
  if (app !== undefined) masker.add(app.privateKey);
  if (registryLogin !== undefined) masker.add(registryLogin.password);
  if (identity !== undefined && "clientSecret" in identity) masker.add(identity.clientSecret);
  if (kubeconfig !== undefined) await maskKubeconfig(masker, kubeconfig);
}

/** The text of a kubeconfig that is given as such, as base64, or by the path of its file. */
function textOf(kubeconfig: string | undefined, { workspace }: Context): string | undefined {
  if (kubeconfig === undefined || kubeconfig.includes("\n")) return kubeconfig;
  const file = resolve(workspace, kubeconfig);
  return kubeconfig.length < 1_000 && existsSync(file) ? readFileSync(file, "utf8") : kubeconfig;
}

/** Milliseconds for reading the folders, retries included. */
const timeout = 60_000;

const settings = {
  url: "`cluster.infisical.url`",
  project: "`cluster.infisical.project`",
  environment: "`cluster.infisical.environment`",
  path: "`cluster.infisical.bootstrapPath` or `cluster.infisical.path`",
};
