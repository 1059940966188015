import type {
  CoreV1Event,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { DeliveryRequest } from "../delivery/operator.ts";

/** What the cluster says of a release at one moment. */
export interface Snapshot {
  readonly deployments: readonly V1Deployment[];
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly statefulSets: readonly V1StatefulSet[];
  readonly daemonSets: readonly V1DaemonSet[];
  readonly jobs: readonly V1Job[];
  readonly pods: readonly V1Pod[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  /** What asks Infisical's operator for Secrets. */
  readonly deliveries: readonly DeliveryRequest[];
  /** Since the deploy began, oldest first; one entry for each series of the same event. */
  readonly events: readonly CoreV1Event[];
}

/** Nothing yet. */
export const emptySnapshot: Snapshot = {
  deployments: [],
  replicaSets: [],
  statefulSets: [],
  daemonSets: [],
  jobs: [],
  pods: [],
  claims: [],
  deliveries: [],
  events: [],
};

/** The events of one object, oldest first. */
export function eventsOf({ events }: Snapshot, uid: string | undefined): CoreV1Event[] {
  return uid === undefined ? [] : events.filter(({ involvedObject }) => involvedObject.uid === uid);
}

/** Milliseconds since 1970, 0 for no time: what a watch gives is text, what a list gives is a date. */
export function timeOf(time: Date | string | undefined | null): number {
  return time ? new Date(time).getTime() : 0;
}
