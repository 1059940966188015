import { FairleadError, messageOf } from "../../core/errors.ts";
import { type HttpAnswer, retryAfter } from "../../core/http.ts";
import type { Clock } from "./clock.ts";
import { faultOf, refusal, rejected } from "./faults.ts";
import type { CallKind } from "./limits.ts";
import { type Pacer, untilReset } from "./pacer.ts";

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for one try, its body included. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Sends one request once; throws when nothing answered. */
export type Send = (request: Outgoing) => Promise<HttpAnswer>;

/** In whose name GitHub is asked, and how fast. */
export interface Access {
  readonly owner: string;
  readonly pacer: Pacer;
  /** The login whose runs its dispatches are; undefined where it is not known. */
  readonly login?: string | undefined;
  /** A secret. An App's is made anew before it ends. */
  token(): Promise<string>;
}

/** What all calls share. */
export interface Connection {
  /** Address of the REST API, without a slash at its end. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly send: Send;
  readonly signal: AbortSignal;
  /** Told of each wait that GitHub asked for, in words for the log. */
  readonly say: (line: string) => void;
}

/** A client of GitHub's REST API for one owner. */
export interface Client extends Access, Connection {}

/** One call of the API. */
export interface Call {
  readonly path: string;
  readonly kind?: CallKind;
  readonly method?: "GET" | "POST" | "DELETE";
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Of the answer that is known already: a 304 costs nothing of the hour's limit. */
  readonly etag?: string | undefined;
  /** Tries in all of a call that reads, while GitHub is busy or does not answer; 8 by default, which takes a minute. */
  readonly tries?: number;
}

/** What is thrown when nobody knows whether a call that writes had an effect. */
export class Uncertain extends Error {}

const callTimeout = 30_000;
const neverAborted = new AbortController().signal;
const usualTries = 8;
const firstWait = 500;
/** A look comes late already: its turn was some seconds in coming. */
const firstWaitOfLook = 100;
const longestWait = 20_000;
/** GitHub asks for a minute where it names no time ("Exceeding the rate limit"). */
const unnamedWait = 60_000;

/**
 * Makes a call when the limits allow it, and waits as long as GitHub asks when they were exceeded after all. A call that
 * reads is tried again after a failed connection or a server error.
 *
 * @returns the answer, whatever its status, except 429, 403 for a limit, and 5xx.
 * @throws Uncertain when a call that writes was not answered, or with a server error.
 */
export async function call(client: Client, request: Call): Promise<HttpAnswer> {
  const { clock, signal } = client;
  const { method = "GET", kind = method === "GET" ? "read" : "write" } = request;
  for (let attempt = 1; ; attempt++) {
    const answer = await once(client, request, method, kind);
    const fault = "status" in answer ? faultOf(answer) : "busy";
    if ("status" in answer && fault === "limit") {
      const wait = limitWait(answer, clock, attempt);
      client.pacer.pause(wait);
      client.say(`GitHub's rate limit for ${client.owner}: waiting ${Math.ceil(wait / 1_000)} s`);
      continue;
    }
    if ("status" in answer && fault !== "busy") return answer;
    if (kind === "write") throw new Uncertain(reasonOf(answer));
    if (attempt >= (request.tries ?? usualTries)) {
      if ("status" in answer) return answer;
      throw rejected(
        `GitHub at ${client.apiUrl} did not answer: ${answer.reason}.`,
        "Check `api-url` and the network.",
      );
    }
    const shortest = kind === "poll" ? firstWaitOfLook : firstWait;
    const backOff = Math.min(longestWait, shortest * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
    await clock.sleep("status" in answer ? (retryAfter(answer.headers, clock.now()) ?? backOff) : backOff, signal);
  }
}

/** Makes a call whose answer must be 2xx. @throws FairleadError GITHUB_REJECTED */
export async function read<T>(client: Client, request: Call): Promise<T> {
  const answer = await call(client, request);
  if (answer.status < 200 || answer.status > 299) throw refusal(client.owner, answer);
  return parse<T>(client, answer);
}

/** The JSON of an answer. @throws FairleadError GITHUB_REJECTED */
export function parse<T>({ apiUrl }: Connection, { body }: HttpAnswer): T {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value as T;
  } catch {
    // Told below.
  }
  throw rejected(`What answers at ${apiUrl} is not GitHub's REST API.`, "Check `api-url`.");
}

/**
 * All pages of a list.
 *
 * @param items takes the list out of an answer.
 * @returns the list, and whether single sign-on keeps a part of it back (GitHub's docs, "Authenticating to the REST API").
 */
export async function readPages<A, T>(client: Client, request: Call, items: (answer: A) => readonly T[]) {
  const all: T[] = [];
  let partial = false;
  for (let page = 1; ; page++) {
    const query = { ...request.query, per_page: "100", page: String(page) };
    const answer = await call(client, { ...request, query });
    if (answer.status !== 200) throw refusal(client.owner, answer);
    partial ||= (answer.headers.get("x-github-sso") ?? "").startsWith("partial-results");
    const found = items(parse<A>(client, answer));
    all.push(...found);
    if (found.length < 100) return { all, partial };
  }
}

async function once(client: Client, request: Call, method: string, kind: CallKind) {
  const over = await client.pacer.turn(kind, client.signal);
  try {
    // Only now: the turn may have been an hour in coming, and an App's token lasts no longer.
    return await sendOnce(client, request, method, kind, await client.token());
  } finally {
    over();
  }
}

async function sendOnce(client: Client, request: Call, method: string, kind: CallKind, token: string) {
  const { pacer, signal } = client;
  try {
    const query = new URLSearchParams(request.query);
    const answer = await client.send({
      method,
      url: `${client.apiUrl}${request.path}${query.size === 0 ? "" : `?${query}`}`,
      headers: {
        ...apiHeaders,
        authorization: `Bearer ${token}`,
        ...(request.etag === undefined ? {} : { "if-none-match": request.etag }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      timeout: callTimeout,
      // Half a dispatch would be a run that nobody knows of, so one that is under way is waited for.
      signal: kind === "write" ? neverAborted : signal,
    });
    pacer.learn(answer.headers);
    return answer;
  } catch (thrown) {
    if (kind !== "write") signal.throwIfAborted();
    // A mistake of ours is no silence of GitHub.
    if (!(thrown instanceof FairleadError) && !isNoAnswer(thrown)) throw thrown;
    return { reason: messageOf(thrown) };
  }
}

function isNoAnswer(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.message === "fetch failed" || thrown.message === "terminated");
}

/** The headers of every call. This version of the API still lets run details be asked for; later ones always give them. */
export const apiHeaders = {
  accept: "application/vnd.github+json",
  "user-agent": "fairlead",
  "x-github-api-version": "2022-11-28",
} as const;

function limitWait({ headers }: HttpAnswer, clock: Clock, attempt: number): number {
  const asked = retryAfter(headers, Date.parse(headers.get("date") ?? "") || clock.now());
  if (asked !== undefined) return asked + 1_000;
  // The header counts in whole seconds.
  if (headers.get("x-ratelimit-remaining") === "0") return (untilReset(headers, clock) ?? unnamedWait) + 1_000;
  return unnamedWait * 2 ** (attempt - 1);
}

function reasonOf(answer: HttpAnswer | { readonly reason: string }): string {
  return "status" in answer ? `HTTP ${answer.status}` : answer.reason;
}
