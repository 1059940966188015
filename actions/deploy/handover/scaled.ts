import type { V2HorizontalPodAutoscalerSpec } from "@kubernetes/client-node";
import type { RenderedObject } from "../rendered/objects.ts";

/** A workload whose number of pods an autoscaler decides. */
export interface Scaled {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** The kind of an autoscaler. */
export const autoscalerKind = "HorizontalPodAutoscaler";

/** The workloads among objects that do not say their number of pods, because an autoscaler decides it. */
export function scaledIn(objects: readonly RenderedObject[], namespace: string): Scaled[] {
  const targets = targetsIn(objects, namespace);
  return objects.flatMap((object) => {
    const workload = placeOf(object, namespace);
    if (!["Deployment", "StatefulSet"].includes(workload.kind) || object.spec?.["replicas"] !== undefined) return [];
    return targets.has(keyOf(workload)) ? [workload] : [];
  });
}

/** The keys of what the autoscalers among objects scale. */
export function targetsIn(objects: readonly RenderedObject[], namespace: string): ReadonlySet<string> {
  return new Set(objects.filter(({ kind }) => kind === autoscalerKind).map((scaler) => targetOf(scaler, namespace)));
}

function targetOf({ metadata, spec }: RenderedObject, namespace: string): string {
  const { scaleTargetRef } = (spec ?? {}) as Partial<V2HorizontalPodAutoscalerSpec>;
  const { kind = "", name = "" } = scaleTargetRef ?? {};
  return keyOf({ kind, name, namespace: metadata?.namespace ?? namespace });
}

/** Where an object is. */
export function placeOf({ kind, metadata }: RenderedObject, namespace: string): Scaled {
  return { kind, name: metadata?.name ?? "", namespace: metadata?.namespace ?? namespace };
}

/** What two workloads differ in. */
export function keyOf({ kind, name, namespace }: Scaled): string {
  return `${kind} ${namespace}/${name}`;
}

/** The path of a workload in the API. */
export function pathOf({ kind, name, namespace }: Scaled): string {
  return `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}
