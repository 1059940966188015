import type { V1Pod } from "@kubernetes/client-node";
import type { Snapshot } from "../snapshot.ts";
import type { Workload } from "../workloads.ts";

/** Something that keeps a rollout from becoming healthy. */
export interface Fault {
  /** Stays the same while the fault lasts. */
  readonly key: string;
  /** Milliseconds that it may last before the rollout counts as failed. */
  readonly tolerance: number;
  /** What is wrong, a sentence without the full stop. */
  readonly cause: string;
  readonly fix: string;
  /** The manifest's key below the component that is to be looked at: `image`, `health`, … */
  readonly about?: string;
  /** The entry below that key: the name of a check. */
  readonly entry?: string;
  /** The workload that it keeps. */
  readonly workload: Pick<Workload, "kind" | "name" | "namespace">;
  /** Where logs can be read. */
  readonly pod?: string;
  readonly container?: string;
  /** Belongs to every start, so it is no news before it has lasted too long. */
  readonly usual?: boolean;
  /** Says only that it took too long: whatever else is seen then tells more. */
  readonly vague?: boolean;
}

/** What one workload is allowed before it is given up. */
export interface Patience {
  /** Non-zero exits over all its new pods without readiness in between. */
  readonly crashes: number;
  /** Milliseconds that a container may take until it is ready. */
  readonly startup: number;
  /** Milliseconds until a node must fit; a component of the same release may have to label it first. */
  readonly placement: number;
}

/** What the rules for one workload look at. */
export interface Sight {
  readonly snapshot: Snapshot;
  readonly workload: Workload;
  readonly patience: Patience;
  /** Non-zero exits of its new pods so far, those of deleted pods included. */
  readonly exits: number;
}

/** A rule lasts from its first sighting; even what is "fatal now" must be seen for a second. */
export const twoSightings = 1_000;

/** A fault of one container of a workload. */
export function containerFault(
  { workload }: Sight,
  pod: V1Pod,
  container: string,
  fault: Omit<Fault, "workload" | "pod" | "container">,
): Fault {
  return { ...fault, ...placeOf(workload), pod: pod.metadata?.name ?? "", container };
}

/** Where a fault of a workload belongs. */
export function placeOf({ kind, name, namespace }: Workload): Pick<Fault, "workload"> {
  return { workload: { kind, name, namespace } };
}

/** The first line of a message of Kubernetes, without a full stop and without the account that a registry names. */
export function firstLine(message: string): string {
  const [line = ""] = message.split("\n");
  return line.replace(/(pull rate limit) as '[^']*'(: \S+)?/i, "$1").replace(/\.$/, "");
}
