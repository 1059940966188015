import type { KubernetesObject, V1Pod } from "@kubernetes/client-node";
import type { Snapshot } from "./snapshot.ts";

/** What runs pods of a release, of whatever kind. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  /** Pods that it is to have. */
  readonly wanted: number;
  /** Pods of the newest template that are ready for long enough. */
  readonly ready: number;
  /** The pods of the newest template, without those that are being deleted. */
  readonly pods: readonly V1Pod[];
  /** Pods of any template that are being deleted, and that the next one has to wait for. */
  readonly ending: readonly V1Pod[];
  /** Pods of an older template that are not ready, and that are not replaced before they are. */
  readonly obstructing: readonly V1Pod[];
  /** What it still waits for, undefined when it is done. */
  readonly unfinished: string | undefined;
  readonly conditions: readonly Condition[];
  /** How often the pod of a Job may fail before the Job does. */
  readonly tries?: number;
}

/** The kinds of objects that pods are watched for. */
export const workloadKinds = ["Deployment", "StatefulSet", "DaemonSet", "Job"] as const;
/** One of them. */
export type WorkloadKind = (typeof workloadKinds)[number];

/** What every kind's conditions have in common. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** All workloads of a snapshot. */
export function workloadsOf(snapshot: Snapshot): Workload[] {
  return [
    ...snapshot.deployments.map((object) => deploymentOf(object, snapshot)),
    ...snapshot.statefulSets.map((object) => statefulSetOf(object, snapshot)),
    ...snapshot.daemonSets.map((object) => daemonSetOf(object, snapshot)),
    ...snapshot.jobs.map((object) => jobOf(object, snapshot)),
  ];
}

const revisionAnnotation = "deployment.kubernetes.io/revision";

function deploymentOf(deployment: Snapshot["deployments"][number], { replicaSets, pods }: Snapshot): Workload {
  const { metadata, spec, status } = deployment;
  const wanted = spec?.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status ?? {};
  const current = replicaSets.find(
    (set) =>
      isOwnedBy(set, metadata?.uid) &&
      set.metadata?.annotations?.[revisionAnnotation] === metadata?.annotations?.[revisionAnnotation],
  );
  const observed = isObserved(deployment);
  const sets = replicaSets.filter((set) => isOwnedBy(set, metadata?.uid));
  const ending = spec?.strategy?.type === "Recreate" ? sets.flatMap((set) => endingOf(pods, set.metadata?.uid)) : [];
  return {
    ...identityOf(deployment, "Deployment"),
    ending,
    obstructing: [],
    wanted,
    ready: Math.min(updatedReplicas, availableReplicas),
    pods: observed ? podsOf(pods, current?.metadata?.uid) : [],
    unfinished: observed
      ? rolloutOf({ wanted, updated: updatedReplicas, total: replicas, available: availableReplicas }, ending)
      : unseen,
    conditions: status?.conditions ?? [],
  };
}

function statefulSetOf(set: Snapshot["statefulSets"][number], { pods }: Snapshot): Workload {
  const { metadata, spec, status } = set;
  const wanted = spec?.replicas ?? 1;
  const { updateRevision, replicas = 0, availableReplicas = 0, readyReplicas = 0 } = status ?? {};
  // While all pods are of one revision the controller counts them as current, and no longer as updated.
  const { currentRevision, updatedReplicas: counted = 0 } = status ?? {};
  const updated = currentRevision === updateRevision ? Math.max(counted, status?.currentReplicas ?? 0) : counted;
  const observed = isObserved(set);
  const all = podsOf(pods, metadata?.uid);
  const isNewest = (pod: V1Pod) => pod.metadata?.labels?.["controller-revision-hash"] === updateRevision;
  const newest = all.filter(isNewest);
  const ending = endingOf(pods, metadata?.uid);
  return {
    ...identityOf(set, "StatefulSet"),
    ending,
    obstructing: observed ? all.filter((pod) => !isNewest(pod) && !isReady(pod)) : [],
    wanted,
    ready: Math.min(updated, readyReplicas),
    pods: observed ? newest : [],
    unfinished: observed
      ? rolloutOf({ wanted, updated, total: replicas, available: availableReplicas }, ending)
      : unseen,
    conditions: [],
  };
}

/** The DaemonSet controller writes the generation of a template on the set and on its pods (kube-controller-manager). */
const templateAnnotation = "deprecated.daemonset.template.generation";
const templateLabel = "pod-template-generation";

function daemonSetOf(set: Snapshot["daemonSets"][number], { pods }: Snapshot): Workload {
  const { metadata, status } = set;
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status ?? {};
  const template = metadata?.annotations?.[templateAnnotation];
  const observed = isObserved(set);
  const newest = podsOf(pods, metadata?.uid).filter((pod) => pod.metadata?.labels?.[templateLabel] === template);
  const ending = endingOf(pods, metadata?.uid);
  return {
    ...identityOf(set, "DaemonSet"),
    ending,
    obstructing: [],
    wanted,
    ready: Math.min(updatedNumberScheduled, numberAvailable),
    pods: observed ? newest : [],
    unfinished: observed ? daemonsOf(wanted, updatedNumberScheduled, numberAvailable, ending) : unseen,
    conditions: status?.conditions ?? [],
  };
}

/** A set without a node to run on is not deployed, although the controller calls it complete. */
function daemonsOf(wanted: number, updated: number, available: number, ending: readonly V1Pod[]): string | undefined {
  if (wanted === 0) return "no node matches it";
  return rolloutOf({ wanted, updated, total: updated, available }, ending);
}

function jobOf(job: Snapshot["jobs"][number], { pods }: Snapshot): Workload {
  const { spec, status } = job;
  const wanted = spec?.completions ?? 1;
  const { succeeded = 0, conditions = [] } = status ?? {};
  const complete = conditions.some(({ type, status }) => type === "Complete" && status === "True");
  return {
    ...identityOf(job, "Job"),
    wanted,
    tries: (spec?.backoffLimit ?? 6) + 1,
    ending: [],
    obstructing: [],
    ready: succeeded,
    pods: podsOf(pods, job.metadata?.uid),
    unfinished: complete || spec?.suspend ? undefined : `${succeeded} of ${wanted} runs have succeeded`,
    conditions,
  };
}

const unseen = "the controller has not seen the change yet";

interface Counts {
  readonly wanted: number;
  readonly updated: number;
  readonly total: number;
  readonly available: number;
}

/** The rules of `kubectl rollout status`. */
function rolloutOf({ wanted, updated, total, available }: Counts, ending: readonly V1Pod[]): string | undefined {
  const [first] = ending;
  const waits = first === undefined ? "" : `, ${first.metadata?.name} has to end first`;
  if (updated < wanted) return `${updated} of ${wanted} new pods are created${waits}`;
  if (total > updated) return `${total - updated} old ${total - updated === 1 ? "pod is" : "pods are"} still there`;
  if (available < wanted) return `${available} of ${wanted} pods are ready`;
  return undefined;
}

/** Whether the controller has seen the newest template: before that, its status and annotations speak of the old one. */
function isObserved(object: KubernetesObject & { readonly status?: { readonly observedGeneration?: number } }) {
  return (object.status?.observedGeneration ?? 0) >= (object.metadata?.generation ?? 0);
}

function identityOf({ metadata }: KubernetesObject, kind: WorkloadKind) {
  const { name = "", namespace = "", uid = "", generation = 0 } = metadata ?? {};
  return { kind, name, namespace, uid, generation };
}

function podsOf(pods: readonly V1Pod[], owner: string | undefined): V1Pod[] {
  return pods.filter((pod) => isOwnedBy(pod, owner) && !pod.metadata?.deletionTimestamp);
}

function endingOf(pods: readonly V1Pod[], owner: string | undefined): V1Pod[] {
  return pods.filter((pod) => isOwnedBy(pod, owner) && pod.metadata?.deletionTimestamp);
}

/** Whether a pod takes part in its Services. */
export function isReady({ status }: Pick<V1Pod, "status">): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

function isOwnedBy({ metadata }: KubernetesObject, owner: string | undefined): boolean {
  return owner !== undefined && (metadata?.ownerReferences?.some(({ uid }) => uid === owner) ?? false);
}
