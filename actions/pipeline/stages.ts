import type { Context } from "../core/context.ts";

/** One finished stage; `milliseconds` since the start of the run and for itself. */
export interface StageResult {
  readonly name: string;
  readonly result: "succeeded" | "failed" | "stopped";
  readonly startedAt: number;
  readonly milliseconds: number;
}

/** Runs stages and keeps what became of them. */
export interface Stages {
  readonly results: readonly StageResult[];
  /** A stage fails when it throws, or when what it gives has failed. */
  run<T>(name: string, work: () => Promise<T>, hasFailed?: (value: T) => boolean): Promise<T>;
}

/** Starts the clock of a run. */
export function createStages(): Stages {
  const origin = performance.now();
  const results: StageResult[] = [];
  return {
    results,
    async run(name, work, hasFailed = () => false) {
      const start = performance.now();
      const keep = (result: StageResult["result"]) =>
        results.push({ name, result, startedAt: start - origin, milliseconds: performance.now() - start });
      try {
        const value = await work();
        keep(hasFailed(value) ? "failed" : "succeeded");
        return value;
      } catch (thrown) {
        keep(thrown instanceof Stopped ? "stopped" : "failed");
        throw thrown;
      }
    },
  };
}

/** Why a stage that runs beside others was stopped: one of them failed. */
class Stopped extends Error {}

type Tasks<T extends readonly unknown[]> = { readonly [K in keyof T]: (context: Context) => Promise<T[K]> };

/**
 * Runs independent tasks at the same time. When one fails, the others are stopped and waited for, so that nothing goes
 * on behind the error; the first failure is thrown.
 */
export async function together<T extends readonly unknown[]>(context: Context, ...tasks: Tasks<T>): Promise<T> {
  const controller = new AbortController();
  const shared = { ...context, signal: AbortSignal.any([context.signal, controller.signal]) };
  const failures: unknown[] = [];
  const running = tasks.map(async (task) => {
    try {
      return await task(shared);
    } catch (thrown) {
      failures.push(thrown);
      controller.abort(new Stopped("another stage failed"));
      return undefined;
    }
  });
  const values = await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return values as unknown as T;
}
