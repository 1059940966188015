import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import type { Lock } from "../deploy/lock/keep.ts";
import { readLease, stateOf } from "../deploy/lock/lease.ts";
import { newestOf, refreshed } from "./history.ts";
import type { OperateInputs, OperationName } from "./inputs.ts";
import { withLock } from "./lock.ts";
import { type Operation, openOperation, refused } from "./operation.ts";
import { hold, resume } from "./operations/hold.ts";
import { logs } from "./operations/logs.ts";
import { remove } from "./operations/remove.ts";
import { restart } from "./operations/restart.ts";
import { rollback } from "./operations/rollback.ts";
import { runCommand } from "./operations/run-command.ts";
import { scale } from "./operations/scale.ts";
import { status } from "./operations/status.ts";
import { stop } from "./operations/stop.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeOf } from "./report.ts";
import { driftOf } from "./status/drift.ts";

/** What only looks, or writes nothing but the hold in the lock itself. */
const unlocked = { status, logs, hold, resume } as const;

/** What changes a release, one at a time. */
const locked = { rollback, restart, scale, run: runCommand, stop, remove } as const;

/**
 * Does one operation on the release of an application in one environment.
 *
 * What does not fit is refused before anything is changed; that, and what made it fail, is the outcome's `failure`.
 *
 * @throws FairleadError of whatever is wrong with the manifest, or the way to the cluster, before the release is known; the
 *   reason of a signal.
 */
export async function run(inputs: OperateInputs, context: Context): Promise<Outcome> {
  const fence = new AbortController();
  const guarded = { ...context, signal: AbortSignal.any([context.signal, fence.signal]) };
  const operation = await openOperation(inputs, guarded, fence.signal);
  const { operation: name } = inputs;
  if (isUnlocked(name)) return await told(operation, () => unlocked[name](operation));
  const work = async (own: Operation, lock: Lock): Promise<Outcome> => {
    requireRelease(own);
    return await withDrift(own, await told(own, () => locked[name](own, lock)));
  };
  return await told(operation, async () => {
    if (!(await isBeingDeployed(operation))) requireRelease(operation);
    return await withLock(operation, (reason) => fence.abort(reason), work);
  });
}

/** What an operation came to, also when it broke off: the release is still there, maybe changed by half. */
async function told(operation: Operation, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    operation.context.signal.throwIfAborted();
    if (!(thrown instanceof FairleadError)) throw thrown;
    const { revisions } = await refreshed(operation).catch(() => operation);
    return { ...outcomeOf(thrown), revision: newestOf({ revisions }), failure: thrown };
  }
}

/** A first deploy is waited for as any other, though there is no revision yet. */
async function isBeingDeployed({ cluster, application }: Operation): Promise<boolean> {
  const lease = await readLease(cluster, application);
  return lease !== undefined && stateOf(lease).holder !== "";
}

/** Adds what is not as its revision says after an operation; a release that is gone says nothing. */
async function withDrift(operation: Operation, outcome: Outcome): Promise<Outcome> {
  if (outcome.revision === 0) return outcome;
  // What was done has to be told, also when this look fails.
  const section = await refreshed(operation)
    .then(driftOf)
    .then(
      (found) => found.section,
      (thrown) => ({ name: "Drift", text: `Not known: ${messageOf(thrown)}` }),
    );
  return { ...outcome, sections: [...outcome.sections, section] };
}

function isUnlocked(name: OperationName): name is keyof typeof unlocked {
  return name in unlocked;
}

function requireRelease({ revisions, application: { release, namespace } }: Operation): void {
  if (revisions.length > 0) return;
  throw refused(`There is no release ${release} in the namespace ${namespace}.`, "Check `environment`, or deploy it.");
}
