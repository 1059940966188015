import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { poll } from "../core/retry.ts";
import { findMachine, readStatus } from "./client.ts";
import type { Daemon } from "./daemon.ts";
import { ask, describeProbe, type Probe } from "./probe.ts";

const longestAttempt = 5_000;

/**
 * Waits until every probe has answered, all at the same time: having joined is no proof of a path.
 *
 * @param timeout milliseconds.
 * @throws FairleadError TAILNET_UNREACHABLE that names the first probe without an answer, and what is known of its machine.
 */
export async function reachAll(probes: readonly Probe[], daemon: Daemon, timeout: number, context: Context) {
  await Promise.all(probes.map((probe) => reach(probe, daemon, timeout, context)));
}

async function reach(probe: Probe, daemon: Daemon, timeout: number, context: Context): Promise<void> {
  const start = performance.now();
  const limit = Math.min(longestAttempt, timeout);
  try {
    await poll(
      { interval: 250, timeout, signal: context.signal, onTimeout: (waiting) => new Error(waiting) },
      async () => {
        const late = AbortSignal.timeout(limit);
        try {
          await ask(probe, daemon.proxy, AbortSignal.any([late, context.signal]));
          return { done: true };
        } catch (thrown) {
          context.signal.throwIfAborted();
          return { waiting: late.aborted ? `nothing came back in ${formatDuration(limit)}` : messageOf(thrown) };
        }
      },
    );
  } catch (thrown) {
    context.signal.throwIfAborted();
    throw await unreachable(probe, messageOf(thrown), daemon, timeout, context);
  }
  context.runner.info(`${describeProbe(probe)} answered after ${formatDuration(performance.now() - start)}`);
}

async function unreachable(probe: Probe, reason: string, daemon: Daemon, timeout: number, context: Context) {
  const status = await readStatus(daemon.connection, context);
  const machine = findMachine(status, probe.host);
  const known =
    machine === undefined
      ? `No machine that this one may see has the address ${probe.host}`
      : `Its machine is "${machine.HostName}", ${machine.Online ? "online" : "offline"}`;
  const fix =
    machine === undefined
      ? "Check that the address is still right, that its machine is on, and that the tailnet's access rules show it to this one."
      : `Check that something listens on port ${probe.port} there, and that the tailnet's access rules let this machine in.`;
  return new FairleadError({
    code: "TAILNET_UNREACHABLE",
    message: `The tailnet was joined, but ${describeProbe(probe)} did not answer within ${formatDuration(timeout)} (${reason}). ${known}.`,
    fix,
  });
}
