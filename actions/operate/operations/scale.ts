import type { V1Deployment } from "@kubernetes/client-node";
import type { Lock } from "../../deploy/lock/keep.ts";
import type { Component } from "../../validate/application.ts";
import { newestOf } from "../history.ts";
import type { Replicas } from "../inputs.ts";
import { change, readObject } from "../objects.ts";
import { type Operation, openWatching, refused } from "../operation.ts";
import type { Outcome } from "../outcome.ts";
import { type Autoscaler, listAutoscalers, scales } from "../status/lists.ts";
import { componentFor, pathOf } from "../target.ts";
import { expectedOf, unhealthy, watchOne } from "../watching.ts";

/**
 * Sets how many pods a component has, or the bounds of the autoscaler that decides it, and waits until they are ready. It
 * lasts until the next deploy, which goes by the manifest.
 *
 * @throws FairleadError OPERATION_REFUSED for what has no number of pods, for zero, for bounds without an autoscaler, and for
 *   more than one pod on a claim that they would share.
 */
export async function scale(operation: Operation, lock: Lock): Promise<Outcome> {
  const { application, inputs, cluster } = operation;
  const wanted = inputs.replicas ?? { min: 0, max: 0 };
  const component = componentFor(application, inputs.component, ["Deployment", "StatefulSet"], "scale");
  const { kind, name } = component;
  const found = await readObject<V1Deployment>(cluster, pathOf(component));
  if (found === undefined) throw refused(`The ${kind} ${name} is not there.`, "Deploy it again.");
  const autoscaler = (await listAutoscalers(cluster, application)).find((one) => scales(one, component));
  requirePossible(wanted, component, found, autoscaler);
  using watching = await openWatching(operation);
  await lock.confirm();
  const before = found.spec?.replicas ?? 1;
  if (autoscaler !== undefined) await changeBounds(operation, autoscaler, wanted);
  // The autoscaler follows its new bounds by itself, but up to fifteen seconds later.
  const target = Math.min(Math.max(before, wanted.min), wanted.max);
  const changed = await change(cluster, pathOf(component), { spec: { replicas: target } });
  const fault = await watchOne(watching, expectedOf(component, changed));
  const what = autoscaler === undefined ? `${before} to ${target} pods` : sayBounds(autoscaler, wanted);
  if (fault !== undefined) return await unhealthy(operation, watching, `${name} was scaled from ${what}`, fault);
  const said = `${name} was scaled from ${what}, all of them ready; the next deploy goes by the manifest again`;
  return { status: "scaled", said, revision: newestOf(operation), sections: [] };
}

function sayBounds({ metadata, spec }: Autoscaler, { min, max }: Replicas): string {
  return `${spec.minReplicas ?? 1}-${spec.maxReplicas} to ${min}-${max} pods, the bounds of the autoscaler ${metadata.name}`;
}

async function changeBounds({ cluster }: Operation, { metadata }: Autoscaler, { min, max }: Replicas): Promise<void> {
  const { name, namespace } = metadata;
  const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${name}`;
  await change(cluster, path, { spec: { minReplicas: min, maxReplicas: max } });
}

/** @throws FairleadError OPERATION_REFUSED for a number of pods that this workload cannot have. */
export function requirePossible(
  { min, max }: Replicas,
  { name }: Pick<Component, "name">,
  { spec }: V1Deployment,
  autoscaler: Autoscaler | undefined,
): void {
  if (min === 0) throw refused(`${name} cannot be scaled to 0 pods.`, "`stop` ends an application and keeps its data.");
  if (autoscaler === undefined && min !== max)
    throw refused(`No autoscaler decides how many pods ${name} has, so there are no bounds.`, "Give one number.");
  const shared = (spec?.template.spec?.volumes ?? []).find(
    ({ persistentVolumeClaim: claim }) => claim !== undefined && claim.readOnly !== true,
  );
  if (max === 1 || shared === undefined) return;
  const claim = shared.persistentVolumeClaim?.claimName;
  throw refused(`The pods of ${name} would share the claim ${claim}.`, "Give it a volume for each pod (`perReplica`).");
}
