import type { V1ContainerPort, V1Node, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { type PodTemplate, workloadOf } from "../rendered/templates.ts";
import { listAt } from "./listed.ts";
import type { Obstacle } from "./obstacle.ts";

/** What is where: the nodes, and the pods that run on them. */
export interface Occupied {
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
}

/**
 * Looks whether ports that pods want of their node are free on a node that they may run on. Old pods with such a port go
 * before new ones come, so a rollout that finds it taken would be an outage. Who may not look at all pods is not told.
 *
 * @param instance of the release, as the labels of its pods say: its own pods make room.
 */
export async function checkHostPorts(
  cluster: Cluster,
  templates: readonly PodTemplate[],
  instance: string,
): Promise<Obstacle[]> {
  const wanting = templates.filter(({ spec }) => hostPorts(spec).length > 0);
  if (wanting.length === 0) return [];
  const [nodes, pods] = await Promise.all([
    listAt<V1Node>(cluster, "/api/v1/nodes"),
    listAt<V1Pod>(cluster, "/api/v1/pods?fieldSelector=status.phase!=Succeeded,status.phase!=Failed"),
  ]);
  if (nodes === undefined || pods === undefined) return [];
  const others = pods.filter(({ metadata }) => metadata?.labels?.["app.kubernetes.io/instance"] !== instance);
  return wanting.flatMap((template) => takenPorts(template, { nodes, pods: others }));
}

/** The ports of a template that other pods have on every node that it may run on; of a DaemonSet, on any. */
export function takenPorts(template: PodTemplate, { nodes, pods }: Occupied): Obstacle[] {
  const { nodeSelector = {}, nodeName } = template.spec;
  const possible = nodes.filter(
    ({ metadata, spec }) =>
      !spec?.unschedulable &&
      (nodeName === undefined || metadata?.name === nodeName) &&
      Object.entries(nodeSelector).every(([key, value]) => metadata?.labels?.[key] === value),
  );
  return hostPorts(template.spec).flatMap((port): Obstacle[] => {
    const holders = possible.map((node) =>
      pods.find(
        ({ spec }) => spec?.nodeName === node.metadata?.name && hostPorts(spec).some((held) => isSame(held, port)),
      ),
    );
    const [holder] = holders.filter((one) => one !== undefined);
    const everywhere = !holders.includes(undefined);
    if (holder === undefined || !(everywhere || workloadOf(template).kind === "DaemonSet")) return [];
    const { name, namespace } = holder.metadata ?? {};
    return [
      {
        code: "PREFLIGHT_FAILED",
        cause: `${template.owner} wants the port ${port.hostPort} of its node, which the pod ${name} in namespace ${namespace} has on ${holder.spec?.nodeName}`,
        fix: "Free it, or take another `hostPort` in the manifest.",
        subject: { workload: workloadOf(template), about: "ports" },
      },
    ];
  });
}

/** All ports that a pod takes of its node; on the node's network, each of its ports is one. */
function hostPorts(spec: V1PodSpec | undefined): V1ContainerPort[] {
  const ports = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(({ ports = [] }) => ports);
  return ports.flatMap((port) => {
    const hostPort = port.hostPort ?? (spec?.hostNetwork ? port.containerPort : undefined);
    return hostPort ? [{ ...port, hostPort }] : [];
  });
}

function isSame(left: V1ContainerPort, right: V1ContainerPort): boolean {
  return left.hostPort === right.hostPort && (left.protocol ?? "TCP") === (right.protocol ?? "TCP");
}
