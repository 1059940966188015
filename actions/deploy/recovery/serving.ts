import type { Snapshot } from "../tracking/snapshot.ts";
import { isReady } from "../tracking/workloads.ts";

/** How many names a sentence takes. */
const most = 3;

/** A sentence on what answers requests now, whatever revision it is of: the last thing to know of a deploy that failed. */
export function serving({ pods }: Pick<Snapshot, "pods">): string {
  const ready = pods.filter(
    (pod) =>
      isReady(pod) &&
      !pod.metadata?.deletionTimestamp &&
      !pod.metadata?.ownerReferences?.some(({ kind }) => kind === "Job"),
  );
  if (ready.length === 0) return "No pod is ready now, so nothing serves.";
  const names = ready.slice(0, most).map(({ metadata }) => metadata?.name);
  const others = ready.length > most ? ` and ${ready.length - most} more` : "";
  return `Ready now: ${names.join(", ")}${others}.`;
}
