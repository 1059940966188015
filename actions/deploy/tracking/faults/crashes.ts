import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { eventsOf } from "../snapshot.ts";
import { containersOf, startError } from "./containers.ts";
import { containerFault, type Fault, type Sight, twoSightings } from "./fault.ts";

/** How often containers of new pods have ended with a failure: by pod and container, also of pods that are gone. */
export type Exits = ReadonlyMap<string, number>;

/** The exits that are known after one more look. A pod that became ready has started after all: it is forgotten. */
export function countExits(known: Exits, pods: readonly V1Pod[]): Exits {
  const ready = pods.some((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  if (ready) return new Map();
  const seen = pods.flatMap((pod) =>
    containersOf(pod).map((status) => [`${pod.metadata?.uid} ${status.name}`, failedExits(status)] as const),
  );
  return new Map([...known, ...seen.map(([key, exits]) => [key, Math.max(exits, known.get(key) ?? 0)] as const)]);
}

/** A container that ends again and again. Pods of a Job are judged by the Job, which knows how often to try. */
export function crashFaults(sight: Sight): Fault[] {
  const { workload, patience, exits } = sight;
  if (workload.kind === "Job") return [];
  const failing = workload.pods
    .flatMap((pod) => containersOf(pod).map((status) => ({ pod, status, exits: failedExits(status) })))
    .filter((one) => one.exits > 0)
    .sort((left, right) => right.exits - left.exits);
  const [worst] = failing;
  if (worst === undefined) return [];
  const { pod, status } = worst;
  const last = status.state?.terminated ?? status.lastState?.terminated;
  const outOfMemory = last?.reason === "OOMKilled";
  if (exits < (outOfMemory ? Math.min(2, patience.crashes) : patience.crashes)) return [];
  const { cause, fix, about } = describe(sight, pod, status, exits);
  return [
    containerFault(sight, pod, status.name, {
      key: `crash ${workload.name}`,
      tolerance: twoSightings,
      cause,
      fix,
      about,
    }),
  ];
}

function describe({ snapshot }: Sight, pod: V1Pod, status: V1ContainerStatus, exits: number) {
  const last = status.state?.terminated ?? status.lastState?.terminated;
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
      "The job's log shows its last lines; correct the app, its command or its variables.",
    about: init === "container" ? "command" : "initContainers",
  };
}

/** How often a container has ended with a failure so far: restarts count those that were followed by a new start. */
function failedExits({ restartCount, state, lastState, ready }: V1ContainerStatus): number {
  const exitCode = (state?.terminated ?? lastState?.terminated)?.exitCode ?? 0;
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
