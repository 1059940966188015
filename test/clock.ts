import type { TestContext } from "node:test";

/** A clock that stands still until a test lets time pass. */
export interface StoppedClock {
  /** Lets so many milliseconds pass at once. */
  pass(milliseconds: number): void;
}

/** Stops `performance.now()` for one test: what measures how long something lasts then need not be waited for. */
export function stopClock(context: TestContext): StoppedClock {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  return {
    pass(milliseconds) {
      now += milliseconds;
    },
  };
}
