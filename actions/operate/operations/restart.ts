import type { V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import type { Lock } from "../../deploy/lock/keep.ts";
import type { Watching } from "../../deploy/rollout.ts";
import { containersOf } from "../../deploy/tracking/faults/containers.ts";
import { isReady } from "../../deploy/tracking/workloads.ts";
import type { Component } from "../../validate/application.ts";
import { newestOf } from "../history.ts";
import { podPath, type Restarted, restartInTurn } from "../in-turn.ts";
import { change, readObject, remove } from "../objects.ts";
import { type Operation, openWatching, refused } from "../operation.ts";
import type { Outcome } from "../outcome.ts";
import { componentFor, pathOf, podsAmong } from "../target.ts";
import { expectedOf, unhealthy, watchOne } from "../watching.ts";

/** As `kubectl rollout restart` marks a template: it makes pods anew, and nobody applies it away. */
const restartedAt = "kubectl.kubernetes.io/restartedAt";

/**
 * Makes the pods of a component anew: as its controller rolls a change out, but for a DaemonSet, and for whatever waits for
 * its pods to be deleted, one node after the other. Stops at the first that does not become ready. A pod that `confirm`
 * names is stuck, and deleted by force instead.
 *
 * @throws FairleadError OPERATION_REFUSED for what has no lasting pods, is stopped, or is not there.
 */
export async function restart(operation: Operation, lock: Lock): Promise<Outcome> {
  const { application, inputs, cluster } = operation;
  const component = componentFor(application, inputs.component, ["Deployment", "StatefulSet", "DaemonSet"], "restart");
  const { kind, name } = component;
  const found = await readObject<V1StatefulSet>(cluster, pathOf(component));
  if (found === undefined) throw refused(`The ${kind} ${name} is not there.`, "Deploy it again.");
  if (found.spec?.replicas === 0) throw refused(`The ${kind} ${name} is stopped.`, "Deploy it again, or `scale` it.");
  using watching = await openWatching(operation);
  if (inputs.confirm.length > 0) return await force(operation, watching, component, lock);
  await lock.confirm();
  const inTurn = kind === "DaemonSet" || found.spec?.updateStrategy?.type === "OnDelete";
  const { fault, done } = inTurn
    ? await restartInTurn(watching, expectedOf(component, found))
    : await restartAtOnce(watching, component);
  if (fault !== undefined) {
    const before = done.length === 0 ? "" : ` (done before: ${done.join(", ")})`;
    return await unhealthy(operation, watching, `${name} was restarted and did not become healthy${before}`, fault);
  }
  const how = inTurn ? `, one after the other: ${done.join(", ")}` : "";
  return {
    status: "restarted",
    said: `All pods of ${name} are new and ready${how}`,
    revision: newestOf(operation),
    sections: [],
  };
}

async function restartAtOnce(watching: Watching, component: Component): Promise<Restarted> {
  const annotations = { [restartedAt]: new Date().toISOString() };
  const patch = { spec: { template: { metadata: { annotations } } } };
  const changed = await change(watching.cluster, pathOf(component), patch);
  return { fault: await watchOne(watching, expectedOf(component, changed)), done: [] };
}

/**
 * Deletes pods without waiting for their end. Of a StatefulSet, two pods could then have one identity, so it is only done for
 * pods that are named, and that do not work.
 */
async function force(operation: Operation, watching: Watching, component: Component, lock: Lock): Promise<Outcome> {
  const { name } = component;
  const pods = podsAmong(watching.store.snapshot().pods, component);
  const chosen = operation.inputs.confirm.map((line) => {
    const pod = pods.find(({ metadata }) => `pod/${metadata?.name}` === line);
    if (pod === undefined)
      throw refused(`${name} has no ${line}.`, "`confirm` names a pod as `pod/NAME`; see `status`.");
    if (isReady(pod) && !pod.metadata?.deletionTimestamp)
      throw refused(`The ${line.replace("/", " ")} is ready.`, "`restart` without `confirm` lets it end in order.");
    return pod;
  });
  await lock.confirm();
  for (const pod of chosen) await remove(watching.cluster, podPath(pod), 0);
  const names = chosen.map((pod) => `${pod.metadata?.name} (${describe(pod)})`).join(", ");
  return { status: "deleted", said: `Deleted by force: ${names}`, revision: newestOf(operation), sections: [] };
}

function describe(pod: V1Pod): string {
  if (pod.metadata?.deletionTimestamp) return "its end did not come";
  const waiting = containersOf(pod).flatMap(({ state }) => state?.waiting?.reason ?? []);
  return waiting[0] ?? "not ready";
}
