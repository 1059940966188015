import { messageOf } from "../core/errors.ts";
import type { Lock } from "../deploy/lock/keep.ts";
import { newHolder, usualLease } from "../deploy/lock/lease.ts";
import { isLock, takeLock } from "../deploy/lock/lock.ts";
import { endPending } from "../deploy/lock/pending.ts";
import { goingBy, type Operation } from "./operation.ts";

/**
 * Does work that changes a release while nobody else can: after a deploy that runs has ended, and what a killed one left
 * pending is marked as failed. A hold is no obstacle, since a person is at work. The work gets the operation as it is after
 * that wait.
 *
 * @param onLost called when nothing may be written any more.
 * @throws FairleadError DEPLOY_LOCKED when a deploy does not end in time.
 */
export async function withLock<T>(
  operation: Operation,
  onLost: (reason: Error) => void,
  work: (operation: Operation, lock: Lock) => Promise<T>,
): Promise<T> {
  const { cluster, lasting, application, context, inputs } = operation;
  const { namespace, release } = application;
  const { signal, runner, run } = context;
  const say = (line: string) => runner.info(line);
  const request = {
    ...{ namespace, release, identity: newHolder(run), url: run.url, lease: usualLease },
    ...{ timeout: inputs.lockTimeout, signal, say, onLost, pastHold: true },
  };
  const lock = await takeLock(lasting, request);
  if (!isLock(lock)) throw new Error("a hold was taken for a lock");
  try {
    const pending = { tookOver: lock.tookOver, timeout: inputs.lockTimeout, signal, say };
    const revisions = await endPending(cluster, application, pending);
    // A deploy that was waited for may have added what is to be stopped or removed now.
    const isNew = revisions[0]?.number !== operation.revisions[0]?.number;
    return await work(isNew ? await goingBy(revisions, operation) : { ...operation, revisions }, lock);
  } finally {
    await lock.giveUp().catch((thrown) => {
      runner.annotate("warning", `The lock was not given up, and ends by itself: ${messageOf(thrown)}`, "Lock");
    });
  }
}
