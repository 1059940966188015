import { rm } from "node:fs/promises";
import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { execute } from "../core/process.ts";
import { poll, retry } from "../core/retry.ts";
import { cleanUp } from "./clean-up.ts";
import { tailscale } from "./client.ts";
import { behindSudo, isRunning, readRecord, removeRecord, type Started } from "./started.ts";

/**
 * Logs the machine out, ends exactly the daemon that was started in this folder, and removes its files. After one that was
 * killed, here or by somebody else, it puts the network of the machine back. Does nothing where none was started.
 *
 * @throws FairleadError when it could not be logged out or ended; whatever could be undone is.
 */
export async function leave(context: Context): Promise<void> {
  const record = await readRecord(context);
  if (record === undefined) return;
  // What is on the runner is undone also when the job is cancelled meanwhile, and each part of it when another failed.
  const resolute = { ...context, signal: new AbortController().signal };
  const undo = [
    async () => isRunning(record) && (await logOut(record, context)),
    async () => (await end(record, resolute)) || (await cleanUp(record, resolute)),
    async () => await remove(record, resolute),
    async () => await removeRecord(resolute),
  ];
  const failed: unknown[] = [];
  for (const step of undo) await step().catch((thrown) => failed.push(thrown));
  if (failed.length > 0) throw failed[0];
}

async function logOut(record: Started, context: Context): Promise<void> {
  // The daemon may just be changing its connections, and then the one that it says goodbye on is closed under it.
  const policy = { attempts: 3, delay: 250, longest: 1_000, signal: context.signal, retryable: endedByItself };
  let first: unknown;
  try {
    await retry(policy, async () => {
      await tailscale(record, ["logout"], 5_000, context).catch((thrown) => {
        // A daemon forgets its key even when it was not heard, and says of a further try only that it has none.
        first ??= thrown;
        throw thrown;
      });
    });
  } catch {
    context.signal.throwIfAborted();
    throw new FairleadError({
      code: "TAILNET_FAILED",
      message: `This machine could not be logged out of the tailnet (${messageOf(first).replace(/\.$/, "")}). It is ephemeral, so the tailnet forgets it by itself; nothing of it is left on the runner.`,
    });
  }
}

function endedByItself(thrown: unknown): boolean {
  return !(thrown instanceof FairleadError && thrown.code === "TIMEOUT");
}

/** Ends the daemon; gives whether it had the time to undo what it did to the machine. */
async function end(record: Started, context: Context): Promise<boolean> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!isRunning(record)) return false;
    await send(signal, record, context);
    const ended = await gone(record, context).then(
      () => true,
      (thrown) => {
        if (signal === "SIGKILL") throw thrown;
        return false;
      },
    );
    if (ended) return signal === "SIGTERM";
  }
  return false;
}

async function send(signal: NodeJS.Signals, { elevation, process: started }: Started, context: Context): Promise<void> {
  const [sudo, ...rest] = elevation;
  if (sudo === undefined) process.kill(started, signal);
  else await execute(sudo, [...rest, "kill", "-s", signal.slice(3), String(behindSudo(started))], context);
}

/** Removes the daemon's files, of which those that it made belong to root where it ran as root. */
async function remove({ elevation, folder }: Started, context: Context): Promise<void> {
  const [sudo, ...rest] = elevation;
  if (sudo !== undefined) await execute(sudo, [...rest, "rm", "-rf", folder], context);
  else await rm(folder, { recursive: true, force: true });
}

async function gone(record: Started, { signal }: Context): Promise<void> {
  const onTimeout = () =>
    new FairleadError({ code: "TIMEOUT", message: "tailscaled did not end when it was told to." });
  await poll({ interval: 50, timeout: 5_000, signal, onTimeout }, async () =>
    isRunning(record) ? { waiting: "it runs" } : { done: true },
  );
}
