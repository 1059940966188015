import type { V1Pod } from "@kubernetes/client-node";
import { formatDuration } from "../../core/duration.ts";
import { containersOf } from "../../deploy/tracking/faults/containers.ts";
import { type Snapshot, timeOf } from "../../deploy/tracking/snapshot.ts";
import { isReady, type Workload } from "../../deploy/tracking/workloads.ts";

type Rows = readonly Readonly<Record<string, string>>[];

/** Workloads, and how far each is from what it should be. */
export function workloadRows(workloads: readonly Workload[]): Rows {
  return workloads.map(({ kind, name, namespace, wanted, ready, unfinished }) => ({
    workload: `${kind}/${name}`,
    namespace,
    ready: `${ready}/${wanted}`,
    state: unfinished ?? (wanted === 0 ? "stopped" : "as wanted"),
  }));
}

/** Pods with their restarts and how their last run ended, the newest trouble first. @param now milliseconds since 1970. */
export function podRows({ pods }: Pick<Snapshot, "pods">, now = Date.now()): Rows {
  return pods
    .map((pod) => ({ pod, restarts: restartsOf(pod) }))
    .sort((one, other) => Number(isReady(one.pod)) - Number(isReady(other.pod)) || other.restarts - one.restarts)
    .map(({ pod, restarts }) => ({
      pod: pod.metadata?.name ?? "",
      namespace: pod.metadata?.namespace ?? "",
      state: stateOf(pod),
      restarts: String(restarts),
      "last exit": lastExitOf(pod),
      node: pod.spec?.nodeName ?? "",
      age: formatDuration(Math.max(0, now - timeOf(pod.metadata?.creationTimestamp))),
    }));
}

function restartsOf(pod: V1Pod): number {
  return containersOf(pod).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function stateOf(pod: V1Pod): string {
  if (pod.metadata?.deletionTimestamp) return "ending";
  const waiting = containersOf(pod).flatMap(({ state }) => state?.waiting?.reason ?? []);
  if (isReady(pod)) return "ready";
  return waiting[0] ?? pod.status?.phase ?? "unknown";
}

function lastExitOf(pod: V1Pod): string {
  const ends = containersOf(pod).flatMap(({ name, lastState }) =>
    lastState?.terminated === undefined
      ? []
      : [`${name}: ${lastState.terminated.reason} ${lastState.terminated.exitCode}`],
  );
  return ends.join(", ");
}

/** The claims of the namespaces of a release. */
export function claimRows({ claims }: Pick<Snapshot, "claims">): Rows {
  return claims.map(({ metadata, spec, status }) => ({
    claim: metadata?.name ?? "",
    namespace: metadata?.namespace ?? "",
    state: status?.phase ?? "",
    size: status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"] ?? "",
    class: spec?.storageClassName ?? "",
    volume: spec?.volumeName ?? "",
  }));
}
