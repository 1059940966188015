import type { Context } from "../core/context.ts";
import { Stopped } from "../deploy/report/journal.ts";

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
