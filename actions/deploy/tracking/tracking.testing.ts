import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { Sight } from "./faults/fault.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";
import { type Workload, workloadsOf } from "./workloads.ts";

/** The status of a container that has not started yet, with changes. */
export function container(changes: Partial<V1ContainerStatus> = {}): V1ContainerStatus {
  return { name: "web", image: "registry.test/web@sha256:1", imageID: "", ready: false, restartCount: 0, ...changes };
}

/** A container that has ended `restartCount` + 1 times with a failure. */
export function crashed(restartCount: number, exitCode = 1): V1ContainerStatus {
  return container({ restartCount, state: { terminated: { exitCode } } });
}

/** One Deployment with a pod for each container status; `owner` is the ReplicaSet of the pods. */
export function rollout(statuses: readonly V1ContainerStatus[] = [], owner = "set", available = 0): Snapshot {
  const annotations = { "deployment.kubernetes.io/revision": "2" };
  const owned = (kind: string, uid: string) => ({
    ownerReferences: [{ apiVersion: "apps/v1", kind, name: kind, uid }],
  });
  const pod = (status: V1ContainerStatus, index: number): V1Pod => ({
    metadata: { name: `web-${index}`, uid: `pod-${index}`, ...owned("ReplicaSet", owner) },
    status: { containerStatuses: [status] },
  });
  const metadata = { name: "web", namespace: "prod", uid: "deployment", generation: 2, annotations };
  const counts = { updatedReplicas: 1, replicas: 1, availableReplicas: available };
  return {
    ...emptySnapshot,
    deployments: [
      {
        metadata,
        spec: { replicas: 1, selector: {}, template: {} },
        status: { observedGeneration: 2, ...counts },
      },
    ],
    replicaSets: [{ metadata: { uid: "set", annotations, ...owned("Deployment", "deployment") } }],
    pods: statuses.map(pod),
  };
}

/** What the rules see of the one workload of a snapshot. */
export function sightOf(snapshot: Snapshot, exits = 0): Sight {
  const [workload] = workloadsOf(snapshot);
  return {
    snapshot,
    workload: workload as Workload,
    patience: { crashes: 3, placement: 10_000, startup: 120_000 },
    exits,
  };
}
