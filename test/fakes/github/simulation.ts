import type { Send } from "../../../actions/bootstrap/api/client.ts";
import type { Clock } from "../../../actions/bootstrap/api/clock.ts";
import type { Incoming } from "../strict-server.ts";
import type { GitHubState } from "./github.ts";

/** A clock on which time passes when nothing else is left to do. */
export interface SimulatedClock extends Clock {
  /** A clock of the same time for one process; what waits on it never wakes once it is killed. */
  fork(): Clock & { kill(): void };
  /** Lets time pass until a promise is settled. */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  wake(): void;
}

/** Makes a clock that starts at a time of its own. */
export function simulatedClock(start = Date.UTC(2026, 0, 1)): SimulatedClock {
  const timers: Timer[] = [];
  let now = start;
  let order = 0;
  const sleeper = (isDead: () => boolean): Clock => ({
    now: () => now,
    sleep(milliseconds, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise<void>((resolve, reject) => {
        const abort = () => reject(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        push(timers, {
          at: now + Math.max(0, milliseconds),
          order: order++,
          wake() {
            signal.removeEventListener("abort", abort);
            if (!isDead()) resolve();
          },
        });
      });
    },
  });
  return {
    ...sleeper(() => false),
    fork() {
      let dead = false;
      return {
        ...sleeper(() => dead),
        kill() {
          dead = true;
        },
      };
    },
    async run(work) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      work.then(end, end);
      for (;;) {
        // Everything that can go on without time passing does so first.
        do await new Promise((resolve) => setImmediate(resolve));
        while (!settled && isReadingFiles());
        if (settled) return await work;
        const next = pop(timers);
        if (next === undefined) continue;
        now = Math.max(now, next.at);
        next.wake();
      }
    },
  };
}

/** Whether something waits for a file, which takes its time on another clock. */
function isReadingFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => /^(FSReq|FILEHANDLE)/.test(name));
}

/** How the way to GitHub behaves. */
export interface Weather {
  /** A number from 0 to 1, drawn anew at each call. */
  readonly random: () => number;
  /** Milliseconds of one way, from and to. */
  readonly travel: readonly [from: number, to: number];
  /** Share of calls that end as a server error, or without an answer; half of them after they had their effect. */
  readonly errors: number;
}

/** A call as it was made, for a test to look at. */
export interface Journey {
  readonly method: string;
  readonly path: string;
  /** When GitHub had it. */
  readonly at: number;
  /** 502 also for an answer that got lost on its way. */
  readonly status: number;
}

/** Sends calls to a stand-in in this process, on a way that takes its time and goes wrong now and then. */
export function sendSimulated(
  github: Pick<GitHubState, "handle">,
  clock: Clock,
  { random, travel: [from, to], errors }: Weather,
  watch: { violations: string[]; journeys?: Journey[]; beforeCall?: () => Promise<never> | undefined } = {
    violations: [],
  },
): Send {
  const never = new AbortController().signal;
  const way = () => clock.sleep(from + (to - from) * random(), never);
  let underWay = 0;
  return async ({ method, url, headers, body = "" }) => {
    await watch.beforeCall?.();
    underWay++;
    if (underWay > 100 * 12) watch.violations.push(`${underWay} calls at the same time`);
    try {
      await way();
      const trouble = random() < errors ? random() : 1;
      if (trouble < 0.25) return answerOf({ status: 502, body: "<html>Bad gateway</html>" });
      if (trouble < 0.5) throw new TypeError("fetch failed", { cause: new Error("read ECONNRESET") });
      const incoming: Incoming = { method, url: new URL(url), headers: lowerCase(headers), body };
      const answer = github.handle(incoming, new URL(url).origin);
      if (answer.violation !== undefined) watch.violations.push(`${method} ${url}: ${answer.violation}`);
      const status = trouble < 1 ? 502 : answer.status;
      watch.journeys?.push({ method, path: incoming.url.pathname, at: clock.now(), status });
      await way();
      if (trouble < 0.75) return answerOf({ status: 502, body: "<html>Bad gateway</html>" });
      if (trouble < 1) throw new TypeError("fetch failed", { cause: new Error("read ECONNRESET") });
      const text = answer.body === undefined ? "" : JSON.stringify(answer.body);
      return answerOf({ status: answer.status, body: text, headers: answer.headers ?? {} });
    } finally {
      underWay--;
    }
  };
}

function answerOf({
  status,
  body,
  headers = {},
}: {
  status: number;
  body: string;
  headers?: Readonly<Record<string, string>>;
}) {
  return { status, body, headers: new Headers(headers) };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

// A binary heap: with a thousand runs that are watched, a sorted list would be most of the work.
function push(heap: Timer[], timer: Timer): void {
  heap.push(timer);
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (isBefore(heap[parent] as Timer, timer)) break;
    heap[at] = heap[parent] as Timer;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++;
    if (isBefore(last, heap[child] as Timer)) break;
    heap[at] = heap[child] as Timer;
    at = child;
  }
  heap[at] = last;
  return first;
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
