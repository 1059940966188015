import { formatDuration } from "../actions/core/duration.ts";
import { step } from "../test/cluster/progress.ts";

/** The time that one step took, in milliseconds. */
export interface StepTime {
  readonly name: string;
  readonly milliseconds: number;
}

/** Runs steps, shows each on the terminal with its time, and keeps the times. */
export interface Stopwatch {
  readonly times: readonly StepTime[];
  step<T>(name: string, waitsFor: string, work: () => Promise<T>): Promise<T>;
}

/** A stopwatch that has not measured anything yet. */
export function createStopwatch(print: (line: string) => void = console.log): Stopwatch {
  const times: StepTime[] = [];
  return {
    times,
    async step(name, waitsFor, work) {
      const start = performance.now();
      try {
        return await step(print, name, waitsFor, work);
      } finally {
        times.push({ name, milliseconds: performance.now() - start });
      }
    },
  };
}

/** Where the time went, one line a step, in the order in which they ended. */
export function renderTimes(times: readonly StepTime[]): string {
  const width = Math.max(...times.map(({ name }) => name.length));
  return times.map(({ name, milliseconds }) => `  ${name.padEnd(width)}  ${formatDuration(milliseconds)}`).join("\n");
}
