import type { HttpAnswer } from "../../core/http.ts";
import type { Clock } from "./clock.ts";

/** What a call is for: a dispatch, a look at what is there, a look at a run, or what is done aside of the dispatches. */
export type CallKind = "write" | "read" | "poll" | "aside";

/**
 * GitHub's limits for one user or one installation of an App
 * (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "About secondary rate limits", and
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api, "Pause between mutative requests").
 */
export const githubLimits = {
  /** Points of a minute: a call that reads costs one, a call that writes five. */
  pointsPerMinute: 900,
  /** Milliseconds between two calls that write. */
  betweenWrites: 1_000,
  /** GitHub does not say of each call whether it makes content; here every dispatch counts as such. */
  writesPerMinute: 80,
  writesPerHour: 500,
  concurrent: 100,
} as const;

/** What each call costs of the points. */
export const pointsOf: Readonly<Record<CallKind, number>> = { read: 1, poll: 1, write: 5, aside: 5 };

const minute = 60_000;
/** Calls at the same time; other programs may use the same token. */
const atOnce = 60;
/** Points that are never used, for the same reason. */
const spare = 10;
/** A dispatch and the list of runs before it. */
const pointsOfDispatch = pointsOf.write + pointsOf.read;
/** Dispatches of a minute, by the pause between them. */
const dispatchesPerMinute = minute / githubLimits.betweenWrites;
/** The shortest time between two looks at the same run. */
const shortestLook = 2_000;
/** Calls of an hour below which nothing is started any more: as many may be under way. */
const lastOfHour = atOnce;
/** Calls of an hour that looks at runs leave to everything else. */
const reserveOfHour = 500;

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
  // A call counts from its start until a minute after its end, since GitHub counted it somewhere in between.
  const ended: { readonly at: number; readonly points: number }[] = [];
  const writes: number[] = [];
  const queues = new Map<CallKind, Promise<void>>();
  const waiting: (() => void)[] = [];
  const hour = { remaining: Number.POSITIVE_INFINITY, reset: 0 };
  // Nine of ten looks that show nothing new are free, until experience says otherwise.
  const looks = { all: 50, paid: 5 };
  let points = 0;
  let running = 0;
  let watched = 0;
  let toCome = 0;
  let pausedUntil = 0;

  const forget = (now: number) => {
    while (ended[0] !== undefined && ended[0].at <= now - minute) points -= ended.shift()?.points ?? 0;
    while (writes[0] !== undefined && writes[0] <= now - 60 * minute) writes.shift();
  };
  /** Points of a minute that a kind leaves to others: dispatches never wait because something was looked at. */
  const leave = (kind: CallKind, now: number): number => {
    if (kind === "write" || kind === "aside") return spare;
    const latest = writes.filter((at) => at > now - minute).length;
    const room = pointsOfDispatch * Math.max(0, Math.min(toCome, dispatchesPerMinute - latest));
    if (kind === "poll") return 2 * spare + room;
    // Before it is known how many dispatches come, a minute's worth.
    return spare + (toCome === 0 && watched === 0 ? pointsOfDispatch * dispatchesPerMinute : 0);
  };
  /** When a call of a kind may start, as far as is known now. */
  const earliest = (kind: CallKind): number => {
    const now = clock.now();
    forget(now);
    const times = [now, pausedUntil];
    let excess = points + pointsOf[kind] + leave(kind, now) - githubLimits.pointsPerMinute;
    for (const call of ended) {
      if (excess <= 0) break;
      excess -= call.points;
      times.push(call.at + minute);
    }
    // The rest is under way; its end is not known.
    if (excess > 0) times.push(now + githubLimits.betweenWrites);
    if (kind === "write") {
      const after = (count: number, time: number) => (writes.at(-count) ?? Number.NEGATIVE_INFINITY) + time;
      times.push(after(1, githubLimits.betweenWrites), after(githubLimits.writesPerMinute, minute + longestTravel));
      times.push(after(githubLimits.writesPerHour, 60 * minute + longestTravel));
    }
    return Math.max(...times);
  };
  const start = async (kind: CallKind, signal: AbortSignal) => {
    for (;;) {
      while (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
      signal.throwIfAborted();
      const wait = earliest(kind) - clock.now();
      if (wait <= 0) break;
      await clock.sleep(wait, signal);
    }
    running++;
    points += pointsOf[kind];
    if (kind === "write") writes.push(clock.now());
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
        ended.push({ at: clock.now(), points: pointsOf[kind] });
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
    expect(dispatches) {
      toCome += dispatches;
    },
    watch() {
      watched++;
      return { [Symbol.dispose]: () => void watched-- };
    },
    lookInterval: () =>
      lookInterval({
        ...{ watched, toCome, paidShare: looks.paid / looks.all, remaining: hour.remaining },
        untilReset: Math.max(0, hour.reset - clock.now()),
      }),
  };
}

/** Milliseconds that a call may take on its way, so that two of them come closer together than they were sent. */
const longestTravel = 5_000;
/** Milliseconds after which no call of a process that ended counts against the points of a minute any more. */
export const untilForgotten = minute + longestTravel;

/** What the time between two looks at a run depends on. */
export interface LookSituation {
  readonly watched: number;
  /** Dispatches that are to come. */
  readonly toCome: number;
  /** Of all looks that show nothing new, those that count against the limit of the hour: with a 304 they are free. */
  readonly paidShare: number;
  /** Calls of the hour that are left. */
  readonly remaining: number;
  /** Milliseconds until there are all of them again. */
  readonly untilReset: number;
}

/** Milliseconds between two looks at the same run, so that all that are watched stay within the limits. */
export function lookInterval({ watched, toCome, paidShare, remaining, untilReset: left }: LookSituation): number {
  const forLooks = githubLimits.pointsPerMinute - 6 * spare - (toCome > 0 ? pointsOfDispatch * dispatchesPerMinute : 0);
  const byMinute = (watched * minute) / forLooks;
  const byHour = (watched * paidShare * left) / Math.max(1, remaining - reserveOfHour);
  return Math.max(shortestLook, byMinute, Math.min(byHour, minute));
}

/** Milliseconds until the limit of the hour starts anew, by the clock of the server; undefined where it does not say. */
export function untilReset(headers: HttpAnswer["headers"], clock: Clock): number | undefined {
  const reset = Number.parseInt(headers.get("x-ratelimit-reset") ?? "", 10);
  if (Number.isNaN(reset)) return undefined;
  const now = Date.parse(headers.get("date") ?? "") || clock.now();
  return Math.max(0, reset * 1_000 - now);
}
