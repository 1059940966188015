import type { V1Pod } from "@kubernetes/client-node";
import { type Fault, placeOf, type Sight } from "./fault.ts";

/** Milliseconds that a pod gets beyond what it was promised: the kubelet kills what does not end by itself. */
const overdue = 20_000;

/** Pods that are being deleted and do not go, while the next ones have to wait for them. */
export function endingFaults({ workload }: Sight): Fault[] {
  if (workload.pods.length >= workload.wanted) return [];
  return workload.ending.map((pod) => {
    const { name = "", namespace = "", finalizers = [], deletionGracePeriodSeconds: grace = 30 } = pod.metadata ?? {};
    const held = finalizers.length > 0 && hasEnded(pod);
    return {
      // The containers may take all their time; what is kept by a finalizer after that is only kept by it.
      key: `ending ${pod.metadata?.uid} ${held}`,
      tolerance: held ? overdue : grace * 1_000 + overdue,
      usual: true,
      cause: held
        ? `the old pod ${name} has ended, but is kept by the finalizer ${finalizers.join(", ")}, so no new one is made`
        : `the old pod ${name} does not end, for which it has ${grace} s, so no new one is made`,
      fix: held
        ? `Repair what sets the finalizer, or \`kubectl patch pod ${name} -n ${namespace} --type=merge -p '{"metadata":{"finalizers":null}}'\`.`
        : "Let the app end on SIGTERM, or lower `terminationGracePeriod`; where its node is gone, `kubectl delete pod --force`.",
      about: "terminationGracePeriod",
      ...placeOf(workload),
      pod: name,
    };
  });
}

function hasEnded({ status }: V1Pod): boolean {
  return (status?.containerStatuses ?? []).every(({ state }) => state?.terminated !== undefined);
}
