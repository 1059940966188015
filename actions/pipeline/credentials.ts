import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { maskKubeconfig } from "../core/kubeconfig.ts";
import { identityInputs, identityOf, missingIdentityInputs } from "../secrets/identity.ts";
import { serverAddressIn } from "../secrets/inputs.ts";
import { run as fetchSecrets } from "../secrets/run.ts";
import type { Cluster } from "../validate/application.ts";
import { type CredentialName, credentialNames } from "./credential-names.ts";
import type { PipelineInputs } from "./inputs.ts";

/** Those that only say who somebody is. */
const publicNames: ReadonlySet<string> = new Set(["DOCKER_REGISTRY_USERNAME", "TAILSCALE_OAUTH_CLIENT_ID"]);

/** The credentials of one run; every secret in it is masked. */
export interface Credentials {
  get(name: CredentialName): string | undefined;
  /** @throws FairleadError SECRET_MISSING that names the credential and where it was looked for. */
  require(name: CredentialName): string;
}

/**
 * Takes credentials from the environment of the step, and what is not there from the team's folder in Infisical.
 *
 * @throws FairleadError INFISICAL_…, or INPUT_INVALID for half a machine identity.
 */
export async function findCredentials(
  inputs: PipelineInputs,
  cluster: Cluster,
  context: Context,
): Promise<Credentials> {
  const given = inputs.credentials;
  await maskGiven(given, context);
  const fetched = isComplete(given) ? undefined : await askInfisical(inputs, cluster, context);
  const get = (name: CredentialName) => given[name] ?? fetched?.get(name);
  const { project, path, environment } = cluster.infisical;
  return {
    get,
    require: (name) => {
      const value = get(name);
      if (value !== undefined && value !== "") return value;
      const folder = `folder ${path}, environment ${environment}, of the Infisical project ${project}`;
      throw new FairleadError({
        code: "SECRET_MISSING",
        message:
          fetched === undefined
            ? `${name} is missing, and no Infisical identity was given to look it up with.`
            : `${name} is neither in the environment of this step nor in ${folder}.`,
        fix:
          fetched === undefined
            ? `Set ${missingIdentityInputs("infisical-")}, or put it into the \`env:\` of this step.`
            : "Add it there.",
      });
    },
  };
}

/** Whether nothing is left to look up. Of the tailnet's credentials an auth key alone is enough, or a whole client. */
function isComplete(given: PipelineInputs["credentials"]): boolean {
  const missing = credentialNames.filter((name) => given[name] === undefined);
  const spared = given.TAILSCALE_AUTH_KEY === undefined ? /^TAILSCALE_AUTH_KEY$/ : /^TAILSCALE_OAUTH_/;
  return missing.every((name) => spared.test(name));
}

async function maskGiven(given: PipelineInputs["credentials"], { masker }: Context): Promise<void> {
  for (const name of credentialNames) {
    const value = given[name];
    if (value === undefined || publicNames.has(name)) continue;
    if (name === "KUBECONFIG_BASE64") await maskKubeconfig(masker, value);
    else masker.add(value);
  }
}

async function askInfisical(inputs: PipelineInputs, { infisical }: Cluster, context: Context) {
  const identity = identityOf(inputs);
  if (identity === undefined) return undefined;
  const { url, project, environment, path } = infisical;
  const where = { url: serverAddressIn(settings.url, url), project, environment, paths: [path] };
  const { values } = await fetchSecrets(
    {
      ...where,
      ...identity,
      export: "none",
      overwrite: false,
      allowEmpty: false,
      timeout,
      settings: { ...settings, identity: identityInputs(identity, "infisical-") },
    },
    context,
  );
  return values;
}

/** Milliseconds for reading the folder, retries included. */
const timeout = 60_000;

/** What the user calls the settings here, for error messages. */
const settings = {
  url: "`cluster.infisical.url`",
  project: "`cluster.infisical.project`",
  environment: "`cluster.infisical.environment`",
  path: "`cluster.infisical.path`",
};
