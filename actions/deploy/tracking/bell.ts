import { setTimeout as wait } from "node:timers/promises";

/** Looks take at most one part in so many of the time, however much changes: of many pods, one changes all the time. */
const idleness = 10;
/** Milliseconds between two looks, at least and at most. */
const [shortest, longest] = [10, 500];

/** What one waiter sleeps by. */
export interface Bell {
  /** Wakes who waits; a ring while nobody does is kept. */
  ring(): void;
  /**
   * Ends when it has rung since the last call, but not before a pause that is in proportion to what the waiter did meanwhile;
   * or after so many milliseconds.
   *
   * @throws the reason of the signal.
   */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Makes a bell that has not rung. */
export function createBell(): Bell {
  let rung = false;
  let wake = () => {};
  let woken = Number.NEGATIVE_INFINITY;
  /** Ends with a ring, the signal, or when time is up. */
  const sleep = (milliseconds: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done);
      wake = done;
    });
  return {
    ring() {
      rung = true;
      wake();
    },
    async wait(milliseconds, signal) {
      signal.throwIfAborted();
      const looked = performance.now() - woken;
      const pause = Math.min(longest, Math.max(shortest, looked * (idleness - 1)));
      if (!rung) await sleep(milliseconds, signal);
      signal.throwIfAborted();
      const early = woken + pause - performance.now();
      if (early > 0) await wait(early, undefined, { signal }).catch(() => signal.throwIfAborted());
      rung = false;
      woken = performance.now();
    },
  };
}
