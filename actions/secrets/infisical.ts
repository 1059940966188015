import type { Context } from "../core/context.ts";
import { sendDirectly } from "../core/direct.ts";
import { FairleadError } from "../core/errors.ts";
import { type HttpAnswer, request } from "../core/http.ts";
import { suggest } from "../core/suggest.ts";
import type { Source } from "./inputs.ts";
import type { Found } from "./selection.ts";
import {
  call,
  clockNote,
  isAboutToken,
  isJson,
  messageIn,
  notInfisical,
  readJson,
  reasonOf,
  rejected,
  type Server,
} from "./server.ts";

/** One folder of an environment of a project, and how it is read. */
export interface Folder extends Pick<Source, "project" | "environment" | "recursive" | "imports" | "expandReferences"> {
  /** Absolute. */
  readonly path: string;
}

interface RawSecret {
  secretKey: string;
  secretValue: string;
  secretPath?: string;
  /** Newer servers answer 200 with a placeholder when the identity may list but not read. */
  secretValueHidden?: boolean;
}

interface Listing {
  secrets?: RawSecret[];
  imports?: { environment?: string; secretPath?: string; secrets?: RawSecret[] }[];
}

type Imports = NonNullable<Listing["imports"]>;

/**
 * The secrets of one folder. Of a key that the folder has and imports, its own value counts; of one that it imports
 * more than once, the import that stands last. With the folders below, all are given: the server does not say which
 * folder imports what. Nothing is masked yet.
 * Undefined where the server says that the folder or the environment does not exist; older ones give an empty list.
 *
 * @throws FairleadError INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_UNREACHABLE
 */
export async function listSecrets(
  server: Server,
  token: string,
  folder: Folder,
  context: Context,
): Promise<readonly Found[] | undefined> {
  const answer = await askForSecrets(server, token, folder, context);
  if (isMissingFolder(answer)) return undefined;
  if (answer.status !== 200) throw listingFailed(server, answer, folder);
  const { secrets, imports = [] } = readJson<Listing>(server, answer);
  if (!Array.isArray(secrets)) throw notInfisical(server, "its answer holds no list of secrets");
  const all = [...secrets, ...imports.flatMap((origin) => origin.secrets ?? [])];
  if (all.some((secret) => secret.secretValueHidden)) throw mayNotRead(server, folder, "its values are hidden");
  if (!all.every(isWhole)) throw notInfisical(server, "its list has a secret without a value");
  const own = secrets.map((secret) => found(secret, secret.secretPath ?? folder.path));
  return [...own, ...(folder.recursive ? importedBelow(own, imports, folder) : importedInto(own, imports, folder))];
}

/** What the folder itself has not, each key once: the last import wins. */
function importedInto(own: readonly Found[], imports: Imports, { path }: Folder): readonly Found[] {
  const keys = new Set(own.map(({ key }) => key));
  const last = new Map(imports.flatMap(({ secrets = [] }) => secrets).map((secret) => [secret.secretKey, secret]));
  return [...last.values()].filter(({ secretKey }) => !keys.has(secretKey)).map((secret) => found(secret, path));
}

/** Every import under the place that it comes from, but for those that change nothing; clashes are told by `select`. */
function importedBelow(own: readonly Found[], imports: Imports, folder: Folder): readonly Found[] {
  const seen = new Set(own.map(({ key, value }) => JSON.stringify([key, value])));
  const fresh = ({ key, value }: Found) => {
    const size = seen.size;
    return seen.add(JSON.stringify([key, value])).size > size;
  };
  return imports.flatMap(({ environment = folder.environment, secretPath = folder.path, secrets = [] }) => {
    const place = environment === folder.environment ? secretPath : `/${environment}:${secretPath}`;
    return secrets.map((secret) => found(secret, place)).filter(fresh);
  });
}

function isWhole({ secretKey, secretValue }: RawSecret): boolean {
  return typeof secretKey === "string" && typeof secretValue === "string";
}

function found({ secretKey, secretValue }: RawSecret, folder: string): Found {
  return { key: secretKey, value: secretValue, folder };
}

/** Asks the v4 API, which knows projects by id only, or v3, where the server is older or a slug was given. */
async function askForSecrets(server: Server, token: string, folder: Folder, context: Context): Promise<HttpAnswer> {
  const { project, environment, path, recursive = false, imports = false, expandReferences = true } = folder;
  const asked = {
    environment,
    secretPath: path,
    expandSecretReferences: String(expandReferences),
    recursive: String(recursive),
    include_imports: String(imports),
  };
  const ask = (way: string, parameter: string, value: string) =>
    call(server, `/api/${way}?${new URLSearchParams({ [parameter]: value, ...asked })}`, { token }, context);
  const [newest, older] = isId(project) ? [project, "workspaceId"] : [undefined, "workspaceSlug"];
  const answer =
    newest === undefined ? await ask("v3/secrets/raw", older, project) : await ask("v4/secrets", "projectId", newest);
  if (!isMissingRoute(answer)) return answer;
  if (newest !== undefined) return await ask("v3/secrets/raw", older, project);
  // A server without v3 any more needs the id, which one more call tells.
  const described = await describeProject(server, token, project, context);
  if (described.status !== 200) return described;
  const { id } = readJson<{ id?: unknown }>(server, described);
  if (typeof id !== "string") throw notInfisical(server, "it does not tell the project's id");
  return await ask("v4/secrets", "projectId", id);
}

/**
 * What is wrong when a folder gave nothing: the environment, if the project has no such one, else the folder.
 *
 * @param found what {@link listSecrets} gave.
 * @param allowEmpty whether a folder without secrets, or without existence, is fine; a missing environment never is.
 * @throws FairleadError INFISICAL_UNREACHABLE
 */
export async function explainEmpty(
  server: Server,
  token: string,
  folder: Folder,
  found: readonly Found[] | undefined,
  allowEmpty: boolean,
  context: Context,
): Promise<FairleadError | undefined> {
  const { settings } = server;
  const { project, environment, path } = folder;
  const environments = await environmentsOf(server, token, project, context);
  if (environments !== undefined && !environments.includes(environment)) {
    const near = suggest(environment, environments);
    return new FairleadError({
      code: "INFISICAL_REJECTED",
      message: `The Infisical project "${project}" has no environment "${environment}"; it has ${environments.join(", ")}${near ? ` (did you mean ${near}?)` : ""}.`,
      fix: `Correct ${settings.environment}: its slug, not its name.`,
    });
  }
  if (allowEmpty) return undefined;
  const either = environments === undefined ? "the folder or the environment" : "the folder";
  const nothing =
    found === undefined
      ? `Infisical says that ${either} does not exist`
      : `Infisical has no secret there; older servers say the same when ${either} does not exist`;
  return new FairleadError({
    code: "INFISICAL_EMPTY",
    message: `Nothing to read in project "${project}", environment "${environment}", folder "${path}": ${nothing}.`,
    fix: `Correct ${environments === undefined ? `${settings.environment} or ` : ""}${settings.path}, or add the secrets in Infisical${settings.allowEmpty ? ` (${settings.allowEmpty} accepts none)` : ""}.`,
  });
}

/** Slugs of a project's environments; undefined where the identity may not see them. */
async function environmentsOf(
  server: Server,
  token: string,
  project: string,
  context: Context,
): Promise<readonly string[] | undefined> {
  const answer = await describeProject(server, token, project, context);
  if (answer.status !== 200) return undefined;
  const body = readJson<{ workspace?: { environments?: unknown }; environments?: unknown }>(server, answer);
  const environments = (body.workspace ?? body).environments;
  if (!Array.isArray(environments)) return undefined;
  return environments.flatMap((each: { slug?: unknown }) => (typeof each.slug === "string" ? [each.slug] : []));
}

function describeProject(server: Server, token: string, project: string, context: Context): Promise<HttpAnswer> {
  const way = isId(project) ? "v1" : "v2";
  return call(server, `/api/${way}/workspace/${encodeURIComponent(project)}`, { token }, context);
}

/** Ends a token before its time. @throws when the server did not do it */
export async function revoke(
  { url, headers }: Pick<Server, "url" | "headers">,
  token: string,
  timeout: number,
  context: Context,
): Promise<void> {
  const answer = await request({
    url: `${url}/api/v1/auth/token/revoke`,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ accessToken: token }),
    timeout,
    attempts: 2,
    signal: context.signal,
    send: sendDirectly,
  });
  // A token that the server knows no more needs no end.
  if (answer.status !== 200 && !isAboutToken(answer))
    throw new Error(`Infisical did not revoke the access token (${reasonOf(answer)}).`);
}

function listingFailed(server: Server, answer: HttpAnswer, folder: Folder): FairleadError {
  // Servers of July 2024 answer a bad token with 500, newer ones with 401 or 403.
  if (isAboutToken(answer)) {
    const clocks = clockNote(answer, Date.now()) ?? "and check the server's clock.";
    return new FairleadError({
      code: "INFISICAL_DENIED",
      message: `Infisical at ${server.url} does not accept the access token that it just gave (${reasonOf(answer)}).`,
      fix: `Raise the access token's time to live and number of uses in the machine identity of ${server.settings.identity}${clocks.startsWith("and") ? "," : "."} ${clocks}`,
    });
  }
  if (answer.status === 401 || answer.status === 403) return mayNotRead(server, folder, reasonOf(answer));
  if (isMissingRoute(answer)) return notInfisical(server, reasonOf(answer));
  if (answer.status === 400 || answer.status === 404) {
    return new FairleadError({
      code: "INFISICAL_REJECTED",
      message: `Infisical at ${server.url} does not know the project "${folder.project}" (${reasonOf(answer)}).`,
      fix: `Correct ${server.settings.project}: the slug or the id, as the project's settings show it.`,
    });
  }
  return rejected(server, answer);
}

function mayNotRead({ url, settings }: Server, { project, environment, path }: Folder, why: string): FairleadError {
  return new FairleadError({
    code: "INFISICAL_DENIED",
    message: `Infisical at ${url} does not let the machine identity read the project "${project}", environment "${environment}", folder "${path}" (${why}).`,
    fix: `Add the identity to the project with a role that reads secret values, or correct ${settings.project}.`,
  });
}

/** Newer servers say 404 for a folder or an environment (secret-v2-bridge-service.ts), older ones give an empty list. */
function isMissingFolder(answer: HttpAnswer): boolean {
  return answer.status === 404 && /^(folder|environment)\b/i.test(messageIn(answer) ?? "");
}

/** The answer of a server that has no such API: Fastify's text, or the page of the dashboard or of a proxy. */
function isMissingRoute(answer: HttpAnswer): boolean {
  if (answer.status === 404 && /^Route\b/.test(messageIn(answer) ?? "")) return true;
  return (answer.status === 404 || answer.status === 200) && !isJson(answer);
}

function isId(project: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(project);
}
