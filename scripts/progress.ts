import { formatDuration } from "../actions/core/duration.ts";

/** The time that one step took, in milliseconds. */
export interface StepTime {
  readonly name: string;
  readonly milliseconds: number;
}

/** Runs steps, shows each with its time, and keeps the times. */
export interface Progress {
  readonly times: readonly StepTime[];
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Shows steps on the terminal: a line when one begins, one with its time when it ends. */
export function createProgress(print: (line: string) => void = console.log): Progress {
  const times: StepTime[] = [];
  return {
    times,
    async step(name, work) {
      print(`▸ ${name}`);
      const start = performance.now();
      try {
        const value = await work();
        print(`✔ ${name} (${formatDuration(performance.now() - start)})`);
        return value;
      } catch (thrown) {
        print(`✖ ${name} (${formatDuration(performance.now() - start)})`);
        throw thrown;
      } finally {
        times.push({ name, milliseconds: performance.now() - start });
      }
    },
  };
}

/** Where the time went, the longest first, one line a step. */
export function renderTimes(times: readonly StepTime[]): string {
  const width = Math.max(...times.map(({ name }) => name.length));
  return [...times]
    .sort((left, right) => right.milliseconds - left.milliseconds)
    .map(({ name, milliseconds }) => `  ${name.padEnd(width)}  ${formatDuration(milliseconds)}`)
    .join("\n");
}
