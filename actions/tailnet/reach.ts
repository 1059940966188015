import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { poll } from "../core/retry.ts";
import { attempt, Obstacle, type Way } from "./attempt.ts";
import type { Daemon } from "./daemon.ts";
import { diagnose } from "./diagnosis.ts";
import { wayThrough } from "./find.ts";
import { describeProbe, type Probe } from "./probe.ts";

const longestAttempt = 5_000;

/**
 * Waits until every probe has answered, all at the same time: having joined is no proof of a path.
 *
 * @param timeout milliseconds.
 * @throws FairleadError TAILNET_UNREACHABLE that says of the first probe without an answer how far it got, and what to do.
 */
export async function reachAll(probes: readonly Probe[], daemon: Daemon, timeout: number, context: Context) {
  await Promise.all(probes.map((probe) => reach(probe, daemon, timeout, context)));
}

async function reach(probe: Probe, daemon: Daemon, timeout: number, context: Context): Promise<void> {
  const start = performance.now();
  const way = wayThrough(daemon, context);
  let since: { readonly reason: string; readonly first: number } | undefined;
  // What ends it is decided below, with the last obstacle in hand.
  const options = { interval: 250, timeout: Number.POSITIVE_INFINITY, signal: context.signal };
  const failed = await poll<Obstacle | undefined>({ ...options, onTimeout: Error }, async () => {
    const obstacle = await tryOnce(probe, way, Math.min(longestAttempt, timeout), context);
    if (obstacle === undefined) return { done: undefined };
    if (since?.reason !== obstacle.message) since = { reason: obstacle.message, first: performance.now() };
    const now = performance.now();
    const over = now - start >= timeout || now - since.first >= (obstacle.patience ?? Number.POSITIVE_INFINITY);
    return over ? { done: obstacle } : { waiting: obstacle.message };
  });
  const took = performance.now() - start;
  if (failed !== undefined) throw await diagnose({ probe, obstacle: failed, took }, daemon.connection, context);
  context.runner.info(`${describeProbe(probe)} answered after ${formatDuration(took)}`);
}

async function tryOnce(probe: Probe, way: Way, limit: number, context: Context) {
  try {
    await attempt(probe, way, AbortSignal.any([AbortSignal.timeout(limit), context.signal]));
    return undefined;
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (thrown instanceof Obstacle) return thrown;
    // The limit was passed while it was looked up.
    if ((thrown as Error).name === "TimeoutError") return new Obstacle("name", `no answer in ${formatDuration(limit)}`);
    throw thrown;
  }
}
