import type { V1ContainerStatus, V1Deployment, V1Pod } from "@kubernetes/client-node";
import { newPods, type Snapshot } from "./snapshot.ts";

/** Something that keeps a rollout from becoming healthy. */
export interface Fault {
  /** Stays the same while the fault lasts. */
  readonly key: string;
  /** Milliseconds that it may last before the rollout counts as failed. */
  readonly tolerance: number;
  /** What is wrong, a sentence without the full stop. */
  readonly cause: string;
  readonly fix: string;
  /** Where logs can be read. */
  readonly pod?: string;
  readonly container?: string;
}

/** When a crashing container is given up. */
export interface Patience {
  /** Non-zero exits over all new pods. */
  readonly crashes: number;
}

/** A rule lasts from its first sighting; even what is "fatal now" must be seen twice, a second apart. */
const twoSightings = 1_000;

/** Every fault that a snapshot shows, the most specific first: container, pod, Deployment. */
export function findFaults(snapshot: Snapshot, patience: Patience): Fault[] {
  return snapshot.deployments.flatMap((deployment) => {
    const pods = newPods(snapshot, deployment);
    return [
      ...crashFaults(deployment, pods, patience),
      ...pods.flatMap((pod) => containersOf(pod).flatMap((status) => waitingFaults(pod, status))),
      ...pods.flatMap(schedulingFaults),
      ...conditionFaults(deployment),
    ];
  });
}

function containersOf({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function crashFaults(deployment: V1Deployment, pods: readonly V1Pod[], { crashes }: Patience): Fault[] {
  const all = pods.flatMap((pod) => containersOf(pod).map((status) => ({ pod, status, exits: failedExits(status) })));
  const failing = all.filter(({ exits }) => exits > 0).sort((left, right) => right.exits - left.exits);
  const total = failing.reduce((sum, { exits }) => sum + exits, 0);
  const [worst] = failing;
  if (worst === undefined || total < crashes) return [];
  const { status, pod } = worst;
  const last = status.state?.terminated ?? status.lastState?.terminated;
  const outOfMemory = last?.reason === "OOMKilled";
  return [
    {
      key: `crash ${deployment.metadata?.name}`,
      tolerance: twoSightings,
      cause: outOfMemory
        ? `the container ${status.name} needs more memory than its limit allows and was killed ${total} times`
        : `the container ${status.name} ended with exit code ${last?.exitCode ?? "unknown"}, ${total} times`,
      fix: outOfMemory
        ? "Raise `resources.memory` (or `memoryLimit`) in the manifest."
        : "The job's log shows its last lines; correct the app, its command or its variables.",
      pod: pod.metadata?.name ?? "",
      container: status.name,
    },
  ];
}

/** How often a container has ended with a failure so far: restarts count those that were followed by a new start. */
function failedExits({ restartCount, state, lastState, ready }: V1ContainerStatus): number {
  const exitCode = (state?.terminated ?? lastState?.terminated)?.exitCode ?? 0;
  if (exitCode === 0 || ready) return 0;
  const ended = state?.terminated !== undefined || state?.waiting?.reason === "CrashLoopBackOff";
  return restartCount + (ended ? 1 : 0);
}

interface WaitingRule {
  readonly reason: RegExp;
  readonly message?: RegExp;
  readonly tolerance: number;
  cause(status: V1ContainerStatus, message: string): string;
  readonly fix: string;
}

/** From the table of signals: the first rule that fits counts. */
const waitingRules: readonly WaitingRule[] = [
  {
    reason: /^(InvalidImageName|ErrImageNeverPull)$/,
    tolerance: twoSightings,
    cause: ({ image }) => `the image reference ${image} cannot be pulled`,
    fix: "Correct `spec.image` in the manifest.",
  },
  {
    reason: /^(ErrImagePull|ImagePullBackOff)$/,
    message: /not found|manifest unknown/i,
    tolerance: twoSightings,
    cause: ({ image }) => `the image ${image} does not exist in its registry`,
    fix: "Check that the step which builds it has pushed it to this registry.",
  },
  {
    reason: /^(ErrImagePull|ImagePullBackOff)$/,
    message: /401|403|denied|no basic auth|unauthorized|forbidden/i,
    tolerance: 20_000,
    cause: ({ image }) => `the registry does not let the cluster pull ${image}`,
    fix: "Check DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD.",
  },
  {
    reason: /^(ErrImagePull|ImagePullBackOff|RegistryUnavailable)$/,
    tolerance: 90_000,
    cause: ({ image }, message) => `the image ${image} cannot be pulled: ${message}`,
    fix: "Check that the nodes reach the registry.",
  },
  {
    reason: /^CreateContainerConfigError$/,
    tolerance: 15_000,
    cause: ({ name }, message) => `the container ${name} cannot be configured: ${message}`,
    fix: "Create what is missing, or correct its name in the manifest.",
  },
  {
    reason: /^(CreateContainerError|RunContainerError|StartError|ContainerCannotRun)$/,
    tolerance: 15_000,
    cause: ({ name }, message) => `the container ${name} cannot be started: ${message}`,
    fix: "Check the command of the image, and that it was built for the processor of the nodes.",
  },
];

function waitingFaults(pod: V1Pod, status: V1ContainerStatus): Fault[] {
  const { reason = "", message = "" } = status.state?.waiting ?? {};
  const rule = waitingRules.find((entry) => entry.reason.test(reason) && (entry.message?.test(message) ?? true));
  if (rule === undefined) return [];
  const podName = pod.metadata?.name ?? "";
  return [
    {
      // ErrImagePull and ImagePullBackOff take turns, so the key is the rule's cause and not the reason.
      key: `waiting ${podName} ${status.name} ${rule.fix}`,
      tolerance: rule.tolerance,
      cause: rule.cause(status, firstLine(message)),
      fix: rule.fix,
      pod: podName,
      container: status.name,
    },
  ];
}

function schedulingFaults(pod: V1Pod): Fault[] {
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
  );
  if (unscheduled === undefined) return [];
  return [
    {
      key: `unschedulable ${pod.metadata?.name}`,
      tolerance: 60_000,
      cause: `no node takes the pod ${pod.metadata?.name}: ${firstLine(unscheduled.message ?? "")}`,
      fix: "Lower `resources`, add a node, or correct the placement in the manifest.",
      pod: pod.metadata?.name ?? "",
    },
  ];
}

function conditionFaults({ metadata, status }: V1Deployment): Fault[] {
  const conditions = status?.conditions ?? [];
  const refused = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  const late = conditions.find(({ reason }) => reason === "ProgressDeadlineExceeded");
  const name = metadata?.name ?? "";
  return [
    ...(refused === undefined
      ? []
      : [
          {
            key: `refused ${name}`,
            tolerance: 20_000,
            cause: `the cluster refuses pods of ${name}: ${firstLine(refused.message ?? "")}`,
            fix: "Change what the message names: a quota, an admission rule, or the pod's security.",
          },
        ]),
    ...(late === undefined
      ? []
      : [
          {
            key: `late ${name}`,
            tolerance: twoSightings,
            cause: `${name} made no progress within its deadline`,
            fix: "Look at the events of its pods.",
          },
        ]),
  ];
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/\.$/, "");
}
