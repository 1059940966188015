import { setTimeout as wait } from "node:timers/promises";

/** The time, and how to let it pass: a test has one of its own, on which an hour takes no time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** @throws the reason of the signal. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The time of this machine. */
export const realClock: Clock = {
  now: Date.now,
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted()),
};

/**
 * A signal that follows another, and that is aborted by itself when a time has passed.
 *
 * @param reason what the wait then ends with.
 */
export function deadline(clock: Clock, milliseconds: number, outer: AbortSignal, reason: Error) {
  const controller = new AbortController();
  const timer = new AbortController();
  const passed = clock.sleep(milliseconds, AbortSignal.any([outer, timer.signal]));
  passed.then(
    () => controller.abort(reason),
    () => {},
  );
  return {
    signal: AbortSignal.any([outer, controller.signal]),
    [Symbol.dispose]: () => timer.abort(new Error("no longer needed")),
  };
}
