import type { Context } from "../core/context.ts";
import { sendDirectly } from "../core/direct.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { type HttpAnswer, request } from "../core/http.ts";
import type { Identity } from "./identity.ts";
import type { Connection, Service } from "./inputs.ts";
import { inputNames, type SettingNames } from "./settings.ts";

/**
 * A server and the time that is left for it. Infisical's own SDK is not used: it retries for 14 s without a word, has
 * no deadline for a body, cannot be cancelled, and knows no call that revokes a token.
 */
export interface Server extends Service {
  /** The moment, on the clock of `performance.now()`, at which all calls together are given up. */
  readonly deadline: number;
  readonly settings: SettingNames;
}

/** Starts the clock for all calls of one run. */
export function serverOf(connection: Connection): Server {
  const { url, timeout, headers, settings } = connection;
  const identity: Identity = connection;
  return { url, timeout, headers, deadline: performance.now() + timeout, settings: settings ?? inputNames(identity) };
}

/** Milliseconds that are left for all further calls, at least 1. */
export function timeLeft({ deadline }: Server): number {
  return Math.max(1, Math.round(deadline - performance.now()));
}

/**
 * Calls the server, as often as it takes within the deadline. Gives the last answer, whatever its status.
 *
 * @throws FairleadError INFISICAL_UNREACHABLE
 */
export async function call(
  server: Server,
  path: string,
  options: { body?: unknown; token?: string; attempts?: number },
  context: Context,
): Promise<HttpAnswer> {
  const { token, body, attempts } = options;
  try {
    return await request({
      url: `${server.url}${path}`,
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: {
        ...server.headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      timeout: timeLeft(server),
      signal: context.signal,
      send: sendDirectly,
      busy: isOutOfOrder,
      ...(attempts === undefined ? {} : { attempts }),
      onRetry: (reason, milliseconds) =>
        context.runner.info(`Infisical: ${reason}; trying again in ${Math.round(milliseconds)} ms`),
    });
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (thrown instanceof FairleadError && thrown.code === "TIMEOUT") {
      throw unreachable(server, `it did not answer within ${formatDuration(server.timeout)}`, thrown);
    }
    throw unreachable(server, messageOf(thrown), thrown);
  }
}

/** A server that is starting says 500; one of July 2024 also says it of a token that it does not accept. */
function isOutOfOrder(answer: HttpAnswer): boolean {
  return answer.status === 500 && !isAboutToken(answer);
}

/**
 * How the server speaks of the token of a request (its error-handler.ts, identity-access-token-service.ts, and the
 * messages of jsonwebtoken). Whole sentences or their beginnings: others quote names that may hold any of these words.
 */
const ofToken =
  /^((jwt (expired|malformed|not active|must be provided|signature is required)|invalid (token|signature|algorithm)|token missing)$|your token has expired|the (provided )?access token is |failed to (renew MI|authorize revoked) access token|unable to renew because access token|no identity access token found)/i;
const ofTokenStatuses: ReadonlySet<number> = new Set([400, 401, 403, 500]);

/** Whether an answer is about the token of the request. */
export function isAboutToken(answer: HttpAnswer): boolean {
  return ofTokenStatuses.has(answer.status) && ofToken.test(messageIn(answer) ?? "");
}

/** What is said of an answer that no caller expects. */
export function rejected(server: Server, answer: HttpAnswer): FairleadError {
  if (answer.status === 429) {
    const asked = answer.headers.get("retry-after");
    return new FairleadError({
      code: "INFISICAL_REJECTED",
      message: `Infisical at ${server.url} gets too many requests (${reasonOf(answer)}), and still did after several tries${asked ? `; it asks to wait ${asked} s` : ""}.`,
      fix: "Run the job again in a minute, or raise the server's rate limit.",
    });
  }
  if (answer.status >= 500 && answer.status <= 504) return unreachable(server, reasonOf(answer));
  if (answer.status >= 300 && answer.status < 400) return sentElsewhere(server, answer);
  if (answer.status === 404) return notInfisical(server, reasonOf(answer));
  return new FairleadError({
    code: "INFISICAL_REJECTED",
    message: `Infisical at ${server.url} refused the request (${reasonOf(answer)}).`,
    fix: `Check ${server.settings.url}, and look into the server's log.`,
  });
}

/** A redirect is not followed: what was meant for one server goes to no other. */
function sentElsewhere({ url, settings }: Server, { status, headers }: HttpAnswer): FairleadError {
  const target = URL.parse(headers.get("location") ?? "", url)?.origin ?? "another address";
  return new FairleadError({
    code: "INFISICAL_REJECTED",
    message: `${url} sends its callers on to ${target} (HTTP ${status}), and answers nothing itself.`,
    fix: `Set ${settings.url} to the address that answers.`,
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

/** The error for an answer that Infisical would not give. */
export function notInfisical({ url, settings }: Server, reason: string): FairleadError {
  return new FairleadError({
    code: "INFISICAL_REJECTED",
    message: `What answers at ${url} is not Infisical (${reason}).`,
    fix: `Correct ${settings.url}: the address that the dashboard has in the browser.`,
  });
}

/** The body of an answer. @throws FairleadError INFISICAL_REJECTED when it is no JSON */
export function readJson<T extends object>(server: Server, answer: HttpAnswer): T {
  const value = parseObject(answer.body);
  if (value === undefined) throw notInfisical(server, "it does not answer in JSON");
  return value as T;
}

/** Whether an answer can be one of Infisical's. */
export function isJson(answer: HttpAnswer): boolean {
  return parseObject(answer.body) !== undefined;
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
export function reasonOf(answer: HttpAnswer): string {
  const message = messageIn(answer);
  return message === undefined ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${message}`;
}

/** What Infisical says in an answer, on one line. */
export function messageIn(answer: HttpAnswer): string | undefined {
  const { message } = (parseObject(answer.body) ?? {}) as { message?: unknown };
  return typeof message === "string" ? message.replaceAll(/\s+/g, " ").slice(0, 300).replace(/\.$/, "") : undefined;
}

/** From this difference on the clocks are told: it is more than a slow answer. */
const notableSkew = 30_000;

/** A sentence on the clocks, if the server's (its header `Date`) and the runner's do not agree. */
export function clockNote({ headers }: HttpAnswer, now: number): string | undefined {
  const skew = Date.parse(headers.get("date") ?? "") - now;
  if (Number.isNaN(skew) || Math.abs(skew) < notableSkew) return undefined;
  const way = skew > 0 ? "ahead of" : "behind";
  return `The clock of the server is ${formatDuration(Math.abs(skew))} ${way} the runner's; set both by NTP.`;
}
