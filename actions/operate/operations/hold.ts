import { FairleadError } from "../../core/errors.ts";
import { type Hold, readLease, stateOf, writeHold } from "../../deploy/lock/lease.ts";
import { newestOf } from "../history.ts";
import { type Operation, refused, whoAndWhen } from "../operation.ts";
import type { Outcome } from "../outcome.ts";

/** The hold on a release, undefined for none. */
async function holdOf({ cluster, application }: Operation): Promise<Hold | undefined> {
  const lease = await readLease(cluster, application);
  return lease === undefined ? undefined : stateOf(lease).hold;
}

/** A hold in words, without the full stop. */
export function sayHold({ who, why, since }: Hold): string {
  return `${who} holds it since ${since}: ${why}`;
}

/**
 * Keeps deploys away from a release until it is resumed. It is written beside the holder of the lock, so that it counts for
 * the next deploy even while one runs: waiting for that would let those behind it in.
 *
 * @throws FairleadError OPERATION_REFUSED when somebody holds it already, or there is nothing to hold.
 */
export async function hold(operation: Operation): Promise<Outcome> {
  const { application, inputs, cluster } = operation;
  const { release, namespace } = application;
  const wanted = { ...whoAndWhen(operation), why: inputs.reason ?? "" };
  const before = await writeHold(cluster, application, wanted).catch((thrown) => {
    if (!(thrown instanceof FairleadError) || thrown.code !== "CLUSTER_REJECTED") throw thrown;
    throw refused(`${release} cannot be held: its namespace ${namespace} is not there.`, "Check `environment`.");
  });
  if (before?.hold !== undefined)
    throw refused(`${release} is held already; ${sayHold(before.hold)}.`, "`resume` it first.");
  const running = before?.holder ? `. ${before.holder} deploys it now, and ends as it does: ${before.holderUrl}` : "";
  const said = `${release} is held, deploys leave it as it is until \`resume\`: ${wanted.why}${running}`;
  return { status: "held", said, revision: newestOf(operation), sections: [] };
}

/** Lets deploys in again; one that was held has to be run again. */
export async function resume(operation: Operation): Promise<Outcome> {
  const { application, cluster } = operation;
  const found = await holdOf(operation);
  const revision = newestOf(operation);
  if (found === undefined)
    return { status: "unchanged", said: `Nobody holds ${application.release}`, revision, sections: [] };
  await writeHold(cluster, application, undefined);
  const { who, why, since } = found;
  const said = `${application.release} is deployed again from now on; ${who} held it since ${since}: ${why}`;
  return { status: "resumed", said, revision, sections: [] };
}
