import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { eventsOf, timeOf } from "../snapshot.ts";
import { awaitedSecret } from "./deliveries.ts";
import { containerFault, type Fault, firstLine, type Sight, twoSightings } from "./fault.ts";

/** All containers of a pod, those that run first before the others. */
export function containersOf({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

/** Containers that cannot be started at all. */
export function waitingFaults(sight: Sight): Fault[] {
  return sight.workload.pods.flatMap((pod) => containersOf(pod).flatMap((status) => waitingFault(sight, pod, status)));
}

interface WaitingRule {
  readonly reason: RegExp;
  readonly message?: RegExp;
  readonly tolerance: number;
  /** Milliseconds instead of those, as long as the kubelet may yet come to read the pull secret. */
  readonly untilSecret?: number;
  readonly about: string;
  cause(status: V1ContainerStatus, message: string): string;
  readonly fix: string;
}

/**
 * Milliseconds for two more tries of the kubelet, 10 to 15 s apart. It may not read a Secret of a new pod before the API
 * server's node authorizer knows of the pod, which may be a moment later than the kubelet (kubernetes#128910).
 */
const twoTries = 45_000;

const pull = /^(ErrImagePull|ImagePullBackOff|RegistryUnavailable)$/;

/** The first rule that fits counts; reasons are those of the kubelet (pkg/kubelet/images/types.go, container/sync_result.go). */
const waitingRules: readonly WaitingRule[] = [
  {
    reason: /^(InvalidImageName|ErrImageNeverPull)$/,
    tolerance: twoSightings,
    about: "image",
    cause: ({ image, name }) => `the container ${name} cannot start: the image reference ${image} cannot be pulled`,
    fix: "Correct `image` in the manifest.",
  },
  {
    reason: pull,
    message: /toomanyrequests|\b429\b|i\/o timeout|connection refused|\b5\d\d\b|no such host|deadline exceeded/i,
    tolerance: 90_000,
    about: "image",
    cause: ({ image, name }, message) =>
      `the container ${name} cannot start: the image ${image} cannot be pulled for now: ${message}`,
    fix: "Check that the nodes reach the registry, and its limits.",
  },
  {
    reason: pull,
    message: /no match for platform|no matching manifest/i,
    tolerance: twoSightings,
    about: "build",
    cause: ({ image, name }) =>
      `the container ${name} cannot start: the image ${image} was not built for the processor of the node`,
    fix: "Build it for the nodes' processor: `build.platforms` in the manifest.",
  },
  {
    reason: pull,
    message: /not found|manifest unknown/i,
    tolerance: twoSightings,
    about: "image",
    cause: ({ image, name }) => `the container ${name} cannot start: the image ${image} does not exist in its registry`,
    fix: "Check that the step which builds it has pushed it to this registry.",
  },
  {
    reason: pull,
    message: /401|403|denied|no basic auth|unauthorized|forbidden/i,
    tolerance: 20_000,
    untilSecret: twoTries,
    about: "image",
    cause: ({ image, name }) =>
      `the container ${name} cannot start: the registry does not let the cluster pull ${image}`,
    fix: "Check DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD, or the pull secret that its pods name.",
  },
  {
    reason: pull,
    tolerance: 90_000,
    about: "image",
    cause: ({ image, name }, message) =>
      `the container ${name} cannot start: the image ${image} cannot be pulled: ${message}`,
    fix: "Check that the nodes reach the registry.",
  },
  {
    reason: /^CreateContainerConfigError$/,
    message: /failed to sync (secret|configmap) cache/,
    tolerance: twoTries,
    about: "env",
    cause: ({ name }, message) =>
      `the container ${name} cannot be configured, because its node cannot read a Secret or ConfigMap: ${message}`,
    fix: "Check that the API server lets the node read the Secrets and ConfigMaps of its pods.",
  },
  {
    reason: /^CreateContainerConfigError$/,
    tolerance: 15_000,
    about: "env",
    cause: ({ name }, message) => `the container ${name} cannot be configured: ${message}`,
    fix: "Create what is missing, or correct its name in the manifest.",
  },
];

function waitingFault(sight: Sight, pod: V1Pod, status: V1ContainerStatus): Fault[] {
  const { reason = "", message = "" } = status.state?.waiting ?? {};
  const key = `waiting ${pod.metadata?.name} ${status.name}`;
  if (/^(CreateContainerError|RunContainerError)$/.test(reason)) {
    return [containerFault(sight, pod, status.name, { key, tolerance: 15_000, ...startError(status, message) })];
  }
  const awaited = /^CreateContainerConfigError$/.test(reason) ? awaitedSecret(sight, pod, message) : undefined;
  if (awaited !== undefined) return [containerFault(sight, pod, status.name, awaited)];
  const rule = waitingRules.find((entry) => entry.reason.test(reason) && (entry.message?.test(message) ?? true));
  if (rule === undefined) return [];
  const { about, fix, untilSecret } = rule;
  const tolerance = untilSecret !== undefined && mayReadSecretYet(sight, pod) ? untilSecret : rule.tolerance;
  const cause = rule.cause(status, firstLine(message));
  // ErrImagePull and ImagePullBackOff take turns, and so do their messages: the key is of the rule.
  return [containerFault(sight, pod, status.name, { key: `${key} ${fix}`, tolerance, about, cause, fix })];
}

/**
 * Whether the kubelet pulled without a pull secret that it may read at its next try. It says so at every look, so one that
 * it still says after its shortest back-off (10 s) is of a Secret that is not there.
 */
function mayReadSecretYet({ snapshot }: Sight, pod: V1Pod): boolean {
  const unread = eventsOf(snapshot, pod.metadata?.uid).findLast(
    ({ reason }) => reason === "FailedToRetrieveImagePullSecret",
  );
  return unread !== undefined && timeOf(unread.lastTimestamp) - timeOf(unread.firstTimestamp) < 10_000;
}

/** What a container runtime says when a program cannot even be started. */
export function startError({ name }: V1ContainerStatus, message: string) {
  const wrongProcessor = /exec format error/.test(message);
  const missing = /exec: "?([^":]+)"?: (?:executable file not found|no such file|stat )/.exec(message)?.[1];
  return {
    cause: wrongProcessor
      ? `the image of ${name} was built for another processor than the node's`
      : `the container ${name} cannot be started: ${missing === undefined ? runtimeMessage(message) : `its image has no program ${missing}`}`,
    fix: wrongProcessor
      ? "Build it for the nodes' processor: `build.platforms` in the manifest."
      : "Check `command` in the manifest and the programs in the image.",
    about: wrongProcessor ? "build" : "command",
  };
}

/** The runtime wraps the one thing that matters in where it happened. */
function runtimeMessage(message: string): string {
  return firstLine(message).replace(/^.*(?:unable to start container process|OCI runtime create failed): /, "");
}
