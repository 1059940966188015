import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { type HttpAnswer, request } from "../core/http.ts";
import { inputNames, type SecretsInputs, type SettingNames } from "./inputs.ts";

/**
 * A server and the time that is left for it. Infisical's own SDK is not used: it retries for 14 s without a word, has
 * no deadline for a body, cannot be cancelled, and knows no call that revokes a token.
 */
export interface Server {
  readonly url: string;
  /** The moment, on the clock of `performance.now()`, at which all calls together are given up. */
  readonly deadline: number;
  readonly settings: SettingNames;
}

/** Starts the clock for all calls of one run. */
export function serverOf(inputs: Pick<SecretsInputs, "url" | "timeout" | "settings">): Server {
  return {
    url: inputs.url,
    deadline: performance.now() + inputs.timeout,
    settings: inputs.settings ?? inputNames,
  };
}

/**
 * Logs a machine identity in (universal auth) and gives its access token, masked.
 *
 * @throws FairleadError INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_UNREACHABLE
 */
export async function login(server: Server, clientId: string, clientSecret: string, context: Context): Promise<string> {
  const body = JSON.stringify({ clientId, clientSecret });
  const answer = await call(server, "/api/v1/auth/universal-auth/login", { method: "POST", body }, context);
  // 403 was seen on a server of July 2024, newer ones say 401.
  if (answer.status === 401 || answer.status === 403) {
    throw new FairleadError({
      code: "INFISICAL_DENIED",
      message: `Infisical at ${server.url} does not accept the machine identity (${reasonOf(answer)}).`,
      fix: `Correct ${server.settings.identity}; the secret may be revoked or used up.`,
    });
  }
  if (answer.status !== 200) throw rejected(server, answer);
  const { accessToken } = readJson<{ accessToken?: unknown }>(server, answer);
  if (typeof accessToken !== "string") throw notInfisical(server, "its login gives no access token");
  context.masker.add(accessToken);
  return accessToken;
}

/** One folder of an environment of a project. */
export type Folder = Pick<SecretsInputs, "project" | "environment" | "path">;

interface RawSecret {
  secretKey: string;
  secretValue: string;
  /** Newer servers answer 200 with a placeholder when the identity may list but not read. */
  secretValueHidden?: boolean;
}

/**
 * The secrets of one folder, references to others expanded. Nothing is masked yet.
 * A folder or environment that does not exist gives an empty list: the server does not tell it apart.
 *
 * @throws FairleadError INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_UNREACHABLE
 */
export async function listSecrets(
  server: Server,
  token: string,
  folder: Folder,
  context: Context,
): Promise<ReadonlyMap<string, string>> {
  const query = new URLSearchParams({
    [isId(folder.project) ? "workspaceId" : "workspaceSlug"]: folder.project,
    environment: folder.environment,
    secretPath: folder.path,
    expandSecretReferences: "true",
  });
  const answer = await call(server, `/api/v3/secrets/raw?${query}`, { token }, context);
  if (isMissingFolder(answer)) return new Map();
  if (answer.status !== 200) throw listingFailed(server, answer, folder);
  const { secrets } = readJson<{ secrets?: RawSecret[] }>(server, answer);
  if (!Array.isArray(secrets)) throw notInfisical(server, "its answer holds no list of secrets");
  if (secrets.some((secret) => secret.secretValueHidden)) throw mayNotRead(server, folder, "its values are hidden");
  return new Map(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]));
}

/** Ends a token before its time. @throws when the server did not do it */
export async function revoke(url: string, token: string, timeout: number, context: Context): Promise<void> {
  const answer = await request({
    url: `${url}/api/v1/auth/token/revoke`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ accessToken: token }),
    timeout,
    attempts: 2,
    signal: context.signal,
  });
  if (answer.status !== 200) throw new Error(`Infisical did not revoke the access token (${reasonOf(answer)}).`);
}

async function call(
  server: Server,
  path: string,
  options: { method?: string; body?: string; token?: string },
  context: Context,
): Promise<HttpAnswer> {
  const { token, ...rest } = options;
  try {
    return await request({
      url: `${server.url}${path}`,
      ...rest,
      headers: {
        ...(rest.body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      timeout: Math.max(1, Math.round(server.deadline - performance.now())),
      signal: context.signal,
      onRetry: (reason, milliseconds) =>
        context.runner.info(`Infisical: ${reason}; trying again in ${Math.round(milliseconds)} ms`),
    });
  } catch (thrown) {
    context.signal.throwIfAborted();
    throw unreachable(server, messageOf(thrown), thrown);
  }
}

function listingFailed(server: Server, answer: HttpAnswer, folder: Folder): FairleadError {
  // Servers of July 2024 answer a bad token with 500, newer ones with 401 or 403.
  if (/\b(jwt|token)\b/i.test(messageIn(answer) ?? "") && answer.status !== 429) {
    return new FairleadError({
      code: "INFISICAL_DENIED",
      message: `Infisical at ${server.url} does not accept the access token that it just gave (${reasonOf(answer)}).`,
      fix: `Raise the access token's time to live and number of uses in the machine identity of ${server.settings.identity}, and check the server's clock.`,
    });
  }
  if (answer.status === 401 || answer.status === 403) return mayNotRead(server, folder, reasonOf(answer));
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

function rejected(server: Server, answer: HttpAnswer): FairleadError {
  if (answer.status === 429) {
    return new FairleadError({
      code: "INFISICAL_REJECTED",
      message: `Infisical at ${server.url} gets too many requests (${reasonOf(answer)}), and still did after several tries.`,
      fix: "Run the job again in a minute, or raise the server's rate limit.",
    });
  }
  if (answer.status >= 502 && answer.status <= 504) return unreachable(server, reasonOf(answer));
  if (answer.status === 404) return notInfisical(server, reasonOf(answer));
  return new FairleadError({
    code: "INFISICAL_REJECTED",
    message: `Infisical at ${server.url} refused the request (${reasonOf(answer)}).`,
    fix: `Check ${server.settings.url}, and look into the server's log.`,
  });
}

function unreachable({ url, settings }: Server, reason: string, cause?: unknown): FairleadError {
  return new FairleadError({
    code: "INFISICAL_UNREACHABLE",
    message: `Infisical at ${url} cannot be reached: ${reason.replace(/\.$/, "")}.`,
    fix: `Check ${settings.url}, and that the runner can reach it.`,
    cause,
  });
}

function notInfisical({ url, settings }: Server, reason: string): FairleadError {
  return new FairleadError({
    code: "INFISICAL_REJECTED",
    message: `What answers at ${url} is not Infisical (${reason}).`,
    fix: `Correct ${settings.url}: the address that the dashboard has in the browser.`,
  });
}

function readJson<T extends object>(server: Server, answer: HttpAnswer): T {
  const value = parseObject(answer.body);
  if (value === undefined) throw notInfisical(server, "it does not answer in JSON");
  return value as T;
}

function parseObject(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Status and, where the answer is one of Infisical's, its message; never the body, which may hold anything. */
function reasonOf(answer: HttpAnswer): string {
  const message = messageIn(answer);
  return message === undefined ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${message}`;
}

function messageIn(answer: HttpAnswer): string | undefined {
  const { message } = (parseObject(answer.body) ?? {}) as { message?: unknown };
  return typeof message === "string" ? message.replaceAll(/\s+/g, " ").slice(0, 300).replace(/\.$/, "") : undefined;
}

/** Newer servers may say 404 for a folder or an environment, where older ones give an empty list. */
function isMissingFolder(answer: HttpAnswer): boolean {
  return answer.status === 404 && /^(folder|environment)\b/i.test(messageIn(answer) ?? "");
}

function isId(project: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(project);
}
