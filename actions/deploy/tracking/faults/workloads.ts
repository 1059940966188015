import { eventsOf } from "../snapshot.ts";
import { type Fault, firstLine, placeOf, type Sight, twoSightings } from "./fault.ts";

/** What is wrong with a workload as a whole, or with the claims of its pods. */
export function workloadFaults(sight: Sight): Fault[] {
  return [...refusedPods(sight), ...failedJob(sight), ...noNode(sight), ...unboundClaims(sight), ...late(sight)];
}

/** Texts of quotas and of admission, which do not change by waiting. */
const refusal = /exceeded quota|admission webhook|violates PodSecurity|is forbidden|denied the request|is invalid/i;

/** The controller may not make the pods: told by a condition of Deployments, for all kinds by events. */
function refusedPods({ snapshot, workload }: Sight): Fault[] {
  if (workload.kind !== "Job" && workload.pods.length >= workload.wanted) return [];
  const condition = workload.conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  const event = eventsOf(snapshot, workload.uid).findLast(({ reason }) => reason === "FailedCreate");
  const message = condition?.message ?? event?.message;
  if (message === undefined || workload.unfinished === undefined) return [];
  return [
    {
      key: `refused ${workload.name}`,
      tolerance: refusal.test(message) ? 20_000 : 60_000,
      cause: `the cluster refuses pods of ${workload.name}: ${reasonIn(message)}`,
      ...refusalFix(message),
      ...placeOf(workload),
    },
  ];
}

/** Both wrap the reason: `Error creating: pods "web-7d-x2" is forbidden: exceeded quota: …`. */
function reasonIn(message: string): string {
  return firstLine(message)
    .replace(/^Error creating: /, "")
    .replace(/^pods? "[^"]+" is forbidden: /, "")
    .replace(/^create Pod \S+ in StatefulSet \S+ failed error: /, "");
}

function refusalFix(message: string): Pick<Fault, "fix" | "about"> {
  if (/exceeded quota/.test(message)) {
    return { about: "resources", fix: "Lower `resources` or `replicas` in the manifest, or raise the quota." };
  }
  if (/violates PodSecurity/.test(message)) {
    return { about: "podSecurity", fix: "Declare the level with `podSecurity`, or drop what needs it." };
  }
  return { fix: "Change what the message names." };
}

function failedJob({ workload }: Sight): Fault[] {
  const failed = workload.conditions.find(({ type, status }) => type === "Failed" && status === "True");
  if (workload.kind !== "Job" || failed === undefined) return [];
  const [pod] = workload.pods.slice(-1);
  const container = pod?.spec?.containers[0]?.name;
  const late = failed.reason === "DeadlineExceeded";
  return [
    {
      key: `job ${workload.name}`,
      tolerance: twoSightings,
      cause: late
        ? `the Job ${workload.name} did not end in its time (\`deadline\`)`
        : `the Job ${workload.name} failed: ${firstLine(failed.message ?? failed.reason ?? "")}`,
      fix: "This run's log shows its last lines; correct its command or what it needs.",
      about: "command",
      ...placeOf(workload),
      ...(pod === undefined ? {} : { pod: pod.metadata?.name ?? "" }),
      ...(container === undefined ? {} : { container }),
    },
  ];
}

function noNode({ workload, patience }: Sight): Fault[] {
  if (workload.kind !== "DaemonSet" || workload.wanted > 0 || workload.unfinished === undefined) return [];
  return [
    {
      key: `no node ${workload.name}`,
      tolerance: patience.placement,
      cause: `no node matches the DaemonSet ${workload.name}, so it runs nowhere`,
      fix: "Correct `nodeSelector` and `tolerations` in the manifest, or label a node.",
      about: "nodeSelector",
      ...placeOf(workload),
    },
  ];
}

function unboundClaims({ snapshot, workload }: Sight): Fault[] {
  const names = workload.pods.flatMap(({ spec }) =>
    (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []),
  );
  const pending = snapshot.claims.filter(
    ({ metadata, status }) =>
      status?.phase === "Pending" && metadata?.namespace === workload.namespace && names.includes(metadata?.name ?? ""),
  );
  return pending.flatMap(({ metadata }) => {
    const failed = eventsOf(snapshot, metadata?.uid).findLast(({ reason }) =>
      /^(ProvisioningFailed|FailedBinding)$/.test(reason ?? ""),
    );
    if (failed === undefined) return [];
    return [
      {
        key: `claim ${metadata?.name}`,
        tolerance: 20_000,
        cause: `the claim ${metadata?.name} gets no volume: ${firstLine(failed.message ?? "")}`,
        fix: "Name a storage class that the cluster has with `storageClass`, or set a default class.",
        about: "volumes",
        ...placeOf(workload),
      },
    ];
  });
}

function late({ workload }: Sight): Fault[] {
  if (!workload.conditions.some(({ reason }) => reason === "ProgressDeadlineExceeded")) return [];
  return [
    {
      key: `late ${workload.name}`,
      tolerance: twoSightings,
      cause: `${workload.name} made no progress within its deadline`,
      fix: "Look at the events of its pods.",
      vague: true,
      ...placeOf(workload),
    },
  ];
}
