import type { Context } from "../core/context.ts";
import { messageOf } from "../core/errors.ts";
import { exportSecrets } from "./export.ts";
import { explainEmpty, type Folder, listSecrets } from "./infisical.ts";
import type { Connection, SecretsInputs } from "./inputs.ts";
import { login } from "./login.ts";
import { maskSecretValue } from "./mask.ts";
import { everything, type Found, type Named, select } from "./selection.ts";
import { type Server, serverOf, timeLeft } from "./server.ts";
import { remember, undo } from "./session.ts";
import { inputNames } from "./settings.ts";

/** What was read. The values are masked already. */
export interface SecretsResult {
  /** By the name that they were given. */
  readonly values: ReadonlyMap<string, string>;
  readonly count: number;
  /** In alphabetical order. */
  readonly names: readonly string[];
  /** Absolute path of the file that was written, with `export` `file`. */
  readonly file: string | undefined;
}

/**
 * Reads folders of secrets from Infisical, masks every value, and hands those that are wanted on as `inputs.export` says.
 *
 * @throws FairleadError INFISICAL_UNREACHABLE, INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_EMPTY, ID_TOKEN_MISSING,
 *   ID_TOKEN_UNAVAILABLE, SECRET_MISSING, SECRET_COLLISION, SECRET_UNWRITABLE, INPUT_INVALID; each names the setting to change.
 */
export async function run(inputs: SecretsInputs, context: Context): Promise<SecretsResult> {
  const { project, environment, paths, recursive, imports, expandReferences, allowEmpty } = inputs;
  const folders = paths.map((path) => {
    return { project, environment, path, ...dropUndefined({ recursive, imports, expandReferences }) };
  });
  const found = (await read(inputs, folders, allowEmpty, context)).flat();
  const base64 = new Set(inputs.base64);
  // All that came is masked, also what is not wanted: a wrong choice must not show it.
  for (const { key, value } of found) await maskSecretValue(key, value, context.masker, base64.has(key));
  const place = `project "${project}", environment "${environment}", folder ${paths.map((path) => `"${path}"`).join(" or ")}`;
  const origin = { place, settings: inputs.settings ?? inputNames(inputs) };
  const secrets = select(withoutRepeats(found), inputs.names ?? everything, inputs.prefix ?? "", origin);
  const names = secrets.map(({ name }) => name).sort();
  context.runner.info(
    `Infisical: ${names.length} secrets from project ${project}, environment ${environment}, folder ${paths.join(", ")}${names.length > 0 ? `: ${names.join(", ")}` : ""}`,
  );
  const file = await exportSecrets(secrets, inputs, context);
  return { values: valuesOf(secrets), count: names.length, names, file };
}

/** A folder, and the keys that are wanted of it. */
export interface WantedFolder extends Folder {
  readonly keys: readonly string[];
}

/**
 * Reads several folders with one login, at the same time. Only the wanted keys are kept, and masked; one that a folder
 * does not have is left out of what is given for it.
 *
 * @throws FairleadError INFISICAL_UNREACHABLE, INFISICAL_DENIED, INFISICAL_REJECTED, ID_TOKEN_MISSING, ID_TOKEN_UNAVAILABLE.
 */
export async function readFolders(
  connection: Connection,
  folders: readonly WantedFolder[],
  context: Context,
): Promise<readonly ReadonlyMap<string, string>[]> {
  const found = await read(connection, folders, true, context);
  const wanted = found.map((secrets, index) => {
    const keys = new Set(folders[index]?.keys);
    return new Map(secrets.filter(({ key }) => keys.has(key)).map(({ key, value }) => [key, value]));
  });
  for (const values of wanted) for (const [name, value] of values) await maskSecretValue(name, value, context.masker);
  return wanted;
}

async function read(
  connection: Connection,
  folders: readonly Folder[],
  allowEmpty: boolean,
  context: Context,
): Promise<readonly (readonly Found[])[]> {
  const server = serverOf(connection);
  const { url, headers } = server;
  for (const value of Object.values(headers ?? {})) context.masker.add(value);
  const token = await login(server, connection, context);
  await remember({ url, headers, token }, context);
  try {
    return await Promise.all(folders.map((folder) => readFolder(server, token, folder, allowEmpty, context)));
  } finally {
    // What was read counts, so a fault here is left to the post step, which tries again and warns.
    await undo(context, timeLeft(server)).catch((thrown) => {
      context.runner.debug(context.masker.redact(messageOf(thrown)));
    });
  }
}

async function readFolder(server: Server, token: string, folder: Folder, allowEmpty: boolean, context: Context) {
  const found = await listSecrets(server, token, folder, context);
  if (found !== undefined && found.length > 0) return found;
  const fault = await explainEmpty(server, token, folder, found, allowEmpty, context);
  if (fault !== undefined) throw fault;
  return [];
}

/** Two of the folders may overlap, where one is read with all below it. */
function withoutRepeats(found: readonly Found[]): readonly Found[] {
  return [...new Map(found.map((secret) => [JSON.stringify([secret.folder, secret.key]), secret])).values()];
}

function valuesOf(secrets: readonly Named[]): ReadonlyMap<string, string> {
  return new Map(secrets.map(({ name, value }) => [name, value]));
}

function dropUndefined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
