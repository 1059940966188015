import { sendDirectly } from "./direct.ts";
import { FairleadError, messageOf } from "./errors.ts";
import type { HttpAnswer, Message, Send } from "./message.ts";
import { proxyFor } from "./proxy.ts";
import { retry } from "./retry.ts";

export type { HttpAnswer } from "./message.ts";

/** One call of an HTTP API. */
export interface HttpRequest extends Message {
  /** Milliseconds for the call with all its tries, bodies included. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Tries in all; 1 for what must not be done twice. */
  readonly attempts?: number;
  /** Whether an answer is worth another try, besides 429, 502, 503 and 504. */
  readonly busy?: (answer: HttpAnswer) => boolean;
  /** By `fetch` if left out, or through the machine's proxy, which `fetch` does not know. */
  readonly send?: Send;
  /** Told before each further try, in words for the log. */
  readonly onRetry?: (reason: string, milliseconds: number) => void;
}

/** An answer that is worth another try: 429 and the 5xx that servers and proxies give while they are busy. */
class Busy extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

const busyStatuses = new Set([429, 502, 503, 504]);

/**
 * Calls an HTTP API under one deadline that covers the body, and tries again after a failed connection or a busy
 * answer, with jitter or as long as `Retry-After` says.
 * Gives the last answer, whatever its status.
 *
 * @throws FairleadError TIMEOUT when the deadline passed; the error of `fetch` when nothing answered.
 */
export async function request(call: HttpRequest): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(call.timeout);
  const signal = AbortSignal.any([deadline, call.signal]);
  const end = performance.now() + call.timeout;
  try {
    return await retry(
      {
        attempts: call.attempts ?? 4,
        delay: 250,
        longest: 5_000,
        signal,
        // Waiting past the deadline would only turn a clear answer into "timed out".
        retryable: (thrown) => !speaksPlainHttp(thrown) && performance.now() + (waitAsked(thrown) ?? 0) < end,
        retryAfter: waitAsked,
        onRetry: (thrown, milliseconds) => call.onRetry?.(messageOf(thrown), milliseconds),
      },
      () => once(call, signal),
    );
  } catch (thrown) {
    if (thrown instanceof Busy) return thrown.answer;
    call.signal.throwIfAborted();
    if (!deadline.aborted) throw thrown;
    throw new FairleadError({
      code: "TIMEOUT",
      message: `${new URL(call.url).host} did not answer within ${call.timeout / 1_000} s.`,
      cause: thrown,
    });
  }
}

async function once(call: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { send = sendAnyhow } = call;
  const answer = await send(call, signal);
  if (busyStatuses.has(answer.status) || call.busy?.(answer)) throw new Busy(answer);
  return answer;
}

async function sendAnyhow(message: Message, signal: AbortSignal): Promise<HttpAnswer> {
  const send = proxyFor(new URL(message.url)) === undefined ? sendByFetch : sendByProxy;
  return await send(message, signal);
}

async function sendByFetch({ url, method = "GET", headers, body }: Message, signal: AbortSignal): Promise<HttpAnswer> {
  const content = body === undefined ? {} : { body };
  const response = await fetch(url, { method, headers: { ...headers }, ...content, signal });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** As {@link sendDirectly}, but follows where an answer points, for as many times as `fetch` does. */
async function sendByProxy(message: Message, signal: AbortSignal, times = 20): Promise<HttpAnswer> {
  const answer = await sendDirectly(message, signal);
  const target = answer.headers.get("location");
  const isRead = ["GET", "HEAD"].includes(message.method ?? "GET");
  if (!isRead || !redirects.has(answer.status) || target === null || times === 0) return answer;
  const url = new URL(target, message.url);
  // A login is for the server that it was sent to.
  const isSame = url.origin === new URL(message.url).origin;
  const headers = Object.entries(message.headers ?? {}).filter(([name]) => isSame || !/^authorization$/i.test(name));
  return await sendByProxy({ ...message, url, headers: Object.fromEntries(headers) }, signal, times - 1);
}

const redirects = new Set([301, 302, 303, 307, 308]);

/** Whether the other side did not understand TLS at all, and so will not the next time. */
export function speaksPlainHttp(thrown: unknown): boolean {
  return /wrong version number|packet length too long/i.test(messageOf(thrown));
}

function waitAsked(thrown: unknown): number | undefined {
  if (!(thrown instanceof Busy)) return undefined;
  return retryAfter(thrown.answer.headers, Date.now());
}

/** Milliseconds that a `Retry-After` header asks for, as seconds or as a date (RFC 9110, section 10.2.3). */
export function retryAfter(headers: HttpAnswer["headers"], now: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
