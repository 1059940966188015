import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { eventsOf } from "../snapshot.ts";
import { isReady, type Workload } from "../workloads.ts";
import { containersOf, startError } from "./containers.ts";
import { containerFault, type Fault, type Sight, twoSightings } from "./fault.ts";

/** How often containers of new pods have ended with a failure: by pod and container, also of pods that are gone. */
export type Exits = ReadonlyMap<string, number>;

/**
 * The exits that are known after one more look. A pod that became ready has started after all: it is forgotten. That of a
 * Job is ready as long as it runs, which says nothing.
 */
export function countExits(known: Exits, { kind, pods }: Pick<Workload, "kind" | "pods">): Exits {
  if (kind !== "Job" && pods.some(isReady)) return new Map();
  const seen = pods.flatMap((pod) =>
    containersOf(pod).map((status) => [`${pod.metadata?.uid} ${status.name}`, failedExits(status)] as const),
  );
  return new Map([...known, ...seen.map(([key, exits]) => [key, Math.max(exits, known.get(key) ?? 0)] as const)]);
}

/** Failed exits after which a workload is given up; what lacked memory twice will lack it again. */
export function crashLimit({ workload, patience }: Pick<Sight, "workload" | "patience">): number {
  // A Job that has failed was tried as often as it may.
  const crashes = workload.conditions.some(isFailedJob) ? 1 : patience.crashes;
  const status = mostFailing(workload)?.status;
  return status && lastEnd(status)?.reason === "OOMKilled" ? Math.min(2, crashes) : crashes;
}

/** A container that ends again and again, or whose Job counts as failed. */
export function crashFaults(sight: Sight): Fault[] {
  const { workload, exits } = sight;
  const worst = mostFailing(workload);
  if (worst === undefined || exits < crashLimit(sight)) return [];
  const { pod, status } = worst;
  const { cause, fix, about } = describe(sight, pod, status, exits);
  return [
    containerFault(sight, pod, status.name, {
      key: `crash ${workload.name}`,
      tolerance: twoSightings,
      cause: workload.kind === "Job" ? `the Job ${workload.name} failed: ${cause}` : cause,
      fix,
      about,
    }),
  ];
}

/** The container that has failed most often, if any has. */
function mostFailing({ pods }: Workload): { readonly pod: V1Pod; readonly status: V1ContainerStatus } | undefined {
  const [worst] = pods
    .flatMap((pod) => containersOf(pod).map((status) => ({ pod, status, exits: failedExits(status) })))
    .filter(({ exits }) => exits > 0)
    .sort((left, right) => right.exits - left.exits);
  return worst;
}

function lastEnd({ state, lastState }: V1ContainerStatus) {
  return state?.terminated ?? lastState?.terminated;
}

/** A condition that only Jobs have; one that ran out of time is told as that, because its exit code is of its end. */
function isFailedJob({ type, status, reason }: Workload["conditions"][number]): boolean {
  return type === "Failed" && status === "True" && reason !== "DeadlineExceeded";
}

function describe({ snapshot }: Sight, pod: V1Pod, status: V1ContainerStatus, exits: number) {
  const last = lastEnd(status);
  const times = exits === 1 ? "" : `, ${exits} times`;
  const init = pod.status?.initContainerStatuses?.includes(status) ? "init container" : "container";
  if (last?.reason === "OOMKilled") {
    const limit = limitOf(pod, status.name);
    return {
      cause: `the ${init} ${status.name} needs more memory than its limit${limit} and was killed${times}`,
      fix: "Raise `resources.memory` (or `memoryLimit`) in the manifest.",
      about: "resources",
    };
  }
  if (last?.reason === "StartError" || last?.reason === "ContainerCannotRun")
    return startError(status, last.message ?? "");
  const killed = eventsOf(snapshot, pod.metadata?.uid).findLast(
    ({ reason, message }) => reason === "Killing" && /failed liveness probe/.test(message ?? ""),
  );
  if (killed !== undefined) {
    return {
      cause: `the ${init} ${status.name} was killed${times}, because its liveness probe failed`,
      fix: "Correct `health` in the manifest, or what the app answers there.",
      about: "health",
    };
  }
  return {
    cause: `the ${init} ${status.name} ended with ${exitText(last?.exitCode)}${times}`,
    fix:
      exitFixes[last?.exitCode ?? -1] ??
      "This run's log shows its last lines; correct the app, its command or its variables.",
    about: init === "container" ? "command" : "initContainers",
  };
}

/** How often a container has ended with a failure so far: restarts count those that were followed by a new start. */
function failedExits(status: V1ContainerStatus): number {
  const { restartCount, state, ready } = status;
  const exitCode = lastEnd(status)?.exitCode ?? 0;
  if (exitCode === 0 || ready) return 0;
  const ended = state?.terminated !== undefined || state?.waiting?.reason === "CrashLoopBackOff";
  return restartCount + (ended ? 1 : 0);
}

function exitText(exitCode: number | undefined): string {
  return exitCode === undefined ? "an unknown exit code" : `exit code ${exitCode}`;
}

/** What a shell and the kernel mean by these exit codes. */
const exitFixes: Readonly<Record<number, string>> = {
  126: "Its command is there, but may not be run: check its mode in the image, and `command` in the manifest.",
  127: "Its command was not found in the image: check `command` in the manifest.",
};

function limitOf({ spec }: V1Pod, container: string): string {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const limit = all.find(({ name }) => name === container)?.resources?.limits?.["memory"];
  return limit === undefined ? "" : ` of ${limit}`;
}
