import type { V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";

/** What the cluster says of a release at one moment. */
export interface Snapshot {
  readonly deployments: readonly V1Deployment[];
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly pods: readonly V1Pod[];
}

/** Looks at all workloads of a release, with three calls at the same time. */
export async function takeSnapshot(cluster: Cluster, namespace: string, release: string): Promise<Snapshot> {
  const query = { namespace, labelSelector: `app.kubernetes.io/instance=${release}` };
  const [deployments, replicaSets, pods] = await Promise.all([
    cluster.ask(() => cluster.apps.listNamespacedDeployment(query)),
    cluster.ask(() => cluster.apps.listNamespacedReplicaSet(query)),
    cluster.ask(() => cluster.core.listNamespacedPod(query)),
  ]);
  return { deployments: deployments.items, replicaSets: replicaSets.items, pods: pods.items };
}

const revisionAnnotation = "deployment.kubernetes.io/revision";

/** The pods that belong to the newest template of a Deployment, without those that are being deleted. */
export function newPods({ replicaSets, pods }: Snapshot, deployment: V1Deployment): V1Pod[] {
  const current = replicaSets.find(
    ({ metadata }) =>
      metadata?.ownerReferences?.some(({ uid }) => uid === deployment.metadata?.uid) &&
      metadata.annotations?.[revisionAnnotation] === deployment.metadata?.annotations?.[revisionAnnotation],
  );
  if (current === undefined || !observed(deployment)) return [];
  return pods.filter(
    ({ metadata }) =>
      metadata?.deletionTimestamp === undefined &&
      metadata?.ownerReferences?.some(({ uid }) => uid === current.metadata?.uid),
  );
}

/** Whether the controller has seen the newest template: before that, its status and annotations speak of the old one. */
export function observed({ metadata, status }: V1Deployment): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}

/** What a rollout still waits for, or undefined when all its pods are new and ready (as `kubectl rollout status`). */
export function unfinished(deployment: V1Deployment): string | undefined {
  const name = deployment.metadata?.name ?? "";
  const wanted = deployment.spec?.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = deployment.status ?? {};
  if (!observed(deployment)) return `${name}: the controller has not seen the change yet`;
  if (updatedReplicas < wanted) return `${name}: ${updatedReplicas} of ${wanted} new pods are created`;
  if (replicas > updatedReplicas) return `${name}: ${replicas - updatedReplicas} old pods are still there`;
  if (availableReplicas < wanted) return `${name}: ${availableReplicas} of ${wanted} pods are ready`;
  return undefined;
}
