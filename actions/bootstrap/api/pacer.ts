import type { HttpAnswer } from "../../core/http.ts";
import type { Clock } from "./clock.ts";
import type { CallKind } from "./limits.ts";
import { lookInterval } from "./looks.ts";
import { createSpending } from "./spending.ts";

/** Calls at the same time; other programs may use the same token. */
const atOnce = 60;
/** Calls of an hour below which nothing is started any more: as many may be under way. */
const lastOfHour = atOnce;

/** Lets calls of one token start when GitHub's limits allow it. */
export interface Pacer {
  /** Waits until a call may start, and gives what to call when it is over. */
  turn(kind: CallKind, signal: AbortSignal): Promise<() => void>;
  /** Lets nothing start for a while, as GitHub asked. */
  pause(milliseconds: number): void;
  /** Takes in what an answer says about the limit of the hour. */
  learn(headers: HttpAnswer["headers"]): void;
  /** Takes in whether a look that showed nothing new counted against the limit of the hour all the same. */
  looked(paid: boolean): void;
  /** Changes how many dispatches are to come: looks at runs leave room for them. */
  expect(dispatches: number): void;
  /** Counts a run as watched until it is disposed of. */
  watch(): Disposable;
  /** Milliseconds until a run may be looked at again, with all that are watched. */
  lookInterval(): number;
}

/** Makes the pacer of one token. It starts as if nothing of the minute had been used. */
export function createPacer(clock: Clock): Pacer {
  const spending = createSpending(clock);
  const queues = new Map<CallKind, Promise<void>>();
  const waiting: (() => void)[] = [];
  const hour = { remaining: Number.POSITIVE_INFINITY, reset: 0 };
  // Nine of ten looks that show nothing new are free, until experience says otherwise.
  const looks = { all: 50, paid: 5 };
  let running = 0;
  let watched = 0;
  let dispatches = 0;
  let pausedUntil = 0;

  const start = async (kind: CallKind, signal: AbortSignal) => {
    for (;;) {
      while (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
      signal.throwIfAborted();
      const wait = Math.max(pausedUntil, spending.earliest(kind, { dispatches, watched })) - clock.now();
      if (wait <= 0) break;
      await clock.sleep(wait, signal);
    }
    running++;
    spending.begin(kind);
  };

  return {
    async turn(kind, signal) {
      const mine = (queues.get(kind) ?? Promise.resolve()).then(() => start(kind, signal));
      queues.set(
        kind,
        mine.catch(() => {}),
      );
      await mine;
      return () => {
        running--;
        spending.end(kind);
        waiting.shift()?.();
      };
    },
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, clock.now() + milliseconds);
    },
    looked(paid) {
      looks.all++;
      if (paid) looks.paid++;
    },
    learn(headers) {
      const remaining = Number.parseInt(headers.get("x-ratelimit-remaining") ?? "", 10);
      const reset = untilReset(headers, clock);
      if (Number.isNaN(remaining) || reset === undefined) return;
      hour.remaining = remaining;
      hour.reset = clock.now() + reset;
      if (remaining < lastOfHour) pausedUntil = Math.max(pausedUntil, hour.reset + 1_000);
    },
    expect(more) {
      dispatches += more;
    },
    watch() {
      watched++;
      return { [Symbol.dispose]: () => void watched-- };
    },
    lookInterval: () =>
      lookInterval({
        ...{ watched, toCome: dispatches, paidShare: looks.paid / looks.all, remaining: hour.remaining },
        untilReset: Math.max(0, hour.reset - clock.now()),
      }),
  };
}

/** Milliseconds until the limit of the hour starts anew, by the clock of the server; undefined where it does not say. */
export function untilReset(headers: HttpAnswer["headers"], clock: Clock): number | undefined {
  const reset = Number.parseInt(headers.get("x-ratelimit-reset") ?? "", 10);
  if (Number.isNaN(reset)) return undefined;
  const now = Date.parse(headers.get("date") ?? "") || clock.now();
  return Math.max(0, reset * 1_000 - now);
}
