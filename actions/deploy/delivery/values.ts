import type { Context } from "../../core/context.ts";
import { FairleadError } from "../../core/errors.ts";
import { type Identity, identityInputs, missingIdentityInputs } from "../../secrets/identity.ts";
import { serverAddressIn } from "../../secrets/inputs.ts";
import { readFolders } from "../../secrets/run.ts";
import type { Application, SecretSet } from "../../validate/application.ts";

/** A set of secrets that the deploy delivers, and what Infisical has for it. */
export interface SetValues {
  readonly name: string;
  readonly set: SecretSet;
  /** By key, as they are; masked. */
  readonly values: ReadonlyMap<string, string>;
}

/** Milliseconds for reading all sets, retries included. */
const timeout = 60_000;

/** What the user calls the settings here, for error messages. */
const settings = {
  url: "`cluster.infisical.url`",
  project: "`cluster.infisical.project`",
  environment: "`cluster.infisical.environments` (or the environment's `secretsEnv`)",
  path: "the `path` of the set under `secrets`",
};

/**
 * Reads the declared keys of every set whose delivery is `sync`, all sets at the same time; nothing else of Infisical's
 * answer is kept. Gives an empty list where no set is delivered so.
 *
 * @throws FairleadError SECRET_MISSING with every key that Infisical lacks, INPUT_INVALID without an identity,
 *   INFISICAL_….
 */
export async function readSyncedSets(
  { secrets, cluster }: Pick<Application, "secrets" | "cluster">,
  identity: Identity | undefined,
  context: Context,
): Promise<readonly SetValues[]> {
  const sets = Object.entries(secrets).filter(([, set]) => set.synced);
  if (sets.length === 0) return [];
  if (identity === undefined) throw withoutIdentity(sets.map(([name]) => name));
  const { url, project } = cluster.infisical;
  const folders = sets.map(([, { environment, path = "/", keys }]) => {
    return { project, environment, path, keys: Object.values(keys) };
  });
  const named = { ...settings, identity: identityInputs(identity, "infisical-") };
  const connection = { url: serverAddressIn(settings.url, url), ...identity, timeout, settings: named };
  const found = await readFolders(connection, folders, context);
  const read = sets.map(([name, set], index) => ({ name, set, values: found[index] ?? new Map<string, string>() }));
  const missing = read.flatMap(missingOf);
  if (missing.length > 0) throw secretsMissing(missing, project);
  const told = read.map(({ name, values }) => `${name} (${[...values.keys()].sort().join(", ")})`);
  context.runner.info(`Infisical: ${told.join("; ")}`);
  return read;
}

function missingOf({ name, set, values }: SetValues): string[] {
  const isMissed = (key: string) => !values.has(key) && !set.optionalKeys?.includes(key);
  const keys = [...new Set(Object.values(set.keys))].filter(isMissed);
  if (keys.length === 0) return [];
  return [`${keys.sort().join(", ")} (set ${name}, environment ${set.environment}, folder ${set.path})`];
}

function secretsMissing(missing: readonly string[], project: string): FairleadError {
  return new FairleadError({
    code: "SECRET_MISSING",
    message: `The Infisical project ${project} lacks ${missing.join(" and ")}. Nothing was changed.`,
    fix: "Add them there, or correct `secrets` and what refers to it in the manifest.",
  });
}

function withoutIdentity(names: readonly string[]): FairleadError {
  return new FairleadError({
    code: "INPUT_INVALID",
    message: `\`cluster.secrets.delivery\` is sync, so this step reads the secrets of ${names.join(", ")} from Infisical, but was given no identity for it.`,
    fix: `Set ${missingIdentityInputs("infisical-")}.`,
  });
}
