import type { V2HorizontalPodAutoscalerSpec } from "@kubernetes/client-node";
import type { Resources } from "../../core/discovery.ts";
import { nameOf, type RenderedObject } from "../rendered/objects.ts";

/**
 * The sentence about autoscalers that go by processor time or memory where nothing measures it: they leave the number of
 * pods as it is, so a deploy may go on. Undefined where all is well.
 */
export function unmeasured(resources: Resources, objects: readonly RenderedObject[]): string | undefined {
  const blind = objects.filter(({ kind, spec }) => kind === "HorizontalPodAutoscaler" && measures(spec));
  if (blind.length === 0 || resources.find("metrics.k8s.io/v1beta1", "PodMetrics") !== undefined) return undefined;
  return `${blind.map(nameOf).join(", ")} cannot scale: no server of the resource metrics API (metrics.k8s.io) is registered or answers. Install metrics-server in the cluster.`;
}

function measures(spec: RenderedObject["spec"]): boolean {
  const { metrics = [] } = (spec ?? {}) as Partial<V2HorizontalPodAutoscalerSpec>;
  return metrics.some(({ type }) => type === "Resource" || type === "ContainerResource");
}
