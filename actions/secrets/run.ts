import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { exportSecrets } from "./export.ts";
import { type Folder, listSecrets, login, type Server, serverOf } from "./infisical.ts";
import type { SecretsInputs } from "./inputs.ts";
import { maskSecretValue } from "./mask.ts";
import { remember, undo } from "./session.ts";

/** What was read. The values are masked already. */
export interface SecretsResult {
  readonly values: ReadonlyMap<string, string>;
  readonly count: number;
  /** In alphabetical order. */
  readonly names: readonly string[];
}

/**
 * Reads one folder of secrets from Infisical, masks every value, and hands them on as `inputs.export` says.
 *
 * @throws FairleadError INFISICAL_UNREACHABLE, INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_EMPTY; each names the
 *   setting to change.
 */
export async function run(inputs: SecretsInputs, context: Context): Promise<SecretsResult> {
  context.masker.add(inputs.clientSecret);
  const server = serverOf(inputs);
  const [values = new Map()] = await read(server, inputs, [inputs], context);
  if (values.size === 0 && !inputs.allowEmpty) throw empty(server, inputs);
  for (const [name, value] of values) await maskSecretValue(name, value, context.masker);
  const names = [...values.keys()].sort();
  context.runner.info(
    `Infisical: ${names.length} secrets from project ${inputs.project}, environment ${inputs.environment}, folder ${inputs.path}${names.length > 0 ? `: ${names.join(", ")}` : ""}`,
  );
  exportSecrets(values, inputs, context);
  return { values, count: names.length, names };
}

/** A folder, and the keys that are wanted of it. */
export interface WantedFolder extends Folder {
  readonly keys: readonly string[];
}

/** Where Infisical is, and who asks. */
export type Connection = Pick<SecretsInputs, "url" | "clientId" | "clientSecret" | "timeout" | "settings">;

/**
 * Reads several folders with one login, at the same time. Only the wanted keys are kept, and masked; one that a folder
 * does not have is left out of what is given for it.
 *
 * @throws FairleadError INFISICAL_UNREACHABLE, INFISICAL_DENIED, INFISICAL_REJECTED.
 */
export async function readFolders(
  connection: Connection,
  folders: readonly WantedFolder[],
  context: Context,
): Promise<readonly ReadonlyMap<string, string>[]> {
  context.masker.add(connection.clientSecret);
  const found = await read(serverOf(connection), connection, folders, context);
  const wanted = found.map((values, index) => {
    const keys = new Set(folders[index]?.keys);
    return new Map([...values].filter(([name]) => keys.has(name)));
  });
  for (const values of wanted) for (const [name, value] of values) await maskSecretValue(name, value, context.masker);
  return wanted;
}

async function read(
  server: Server,
  { url, clientId, clientSecret }: Connection,
  folders: readonly Folder[],
  context: Context,
): Promise<readonly ReadonlyMap<string, string>[]> {
  const token = await login(server, clientId, clientSecret, context);
  await remember({ url, token }, context);
  try {
    return await Promise.all(folders.map((folder) => listSecrets(server, token, folder, context)));
  } finally {
    // What was read counts, so a fault here is left to the post step, which tries again and warns.
    await undo(context).catch((thrown) => context.runner.debug(context.masker.redact(messageOf(thrown))));
  }
}

function empty({ settings }: Server, { project, environment, path }: SecretsInputs): FairleadError {
  return new FairleadError({
    code: "INFISICAL_EMPTY",
    message: `Infisical has no secret in project "${project}", environment "${environment}", folder "${path}"; it answers the same when the folder or the environment does not exist.`,
    fix: `Correct ${settings.environment} or ${settings.path}, or add the secrets in Infisical (\`allow-empty\` accepts none).`,
  });
}
