import { waitingFaults } from "./containers.ts";
import { crashFaults } from "./crashes.ts";
import { endingFaults } from "./ending.ts";
import type { Fault, Sight } from "./fault.ts";
import { podFaults } from "./pods.ts";
import { probeFaults } from "./probes.ts";
import { workloadFaults } from "./workloads.ts";

/** Every fault of a workload, the most specific first: container, pod, workload. */
export function findFaults(sight: Sight): Fault[] {
  if (sight.workload.unfinished === undefined) return [];
  return [crashFaults, waitingFaults, probeFaults, podFaults, endingFaults, workloadFaults].flatMap((rule) =>
    rule(sight),
  );
}
