import type { KubernetesObject } from "@kubernetes/client-node";
import type { ErrorCode } from "../../core/errors.ts";
import type { Subject } from "../report/place.ts";

/** Something that keeps a deploy from going well, found before the release is touched. */
export interface Obstacle {
  readonly code: ErrorCode;
  /** What is wrong, a sentence without the full stop. */
  readonly cause: string;
  /** What to do about it, a sentence. */
  readonly fix: string;
  /** Text for the log: a Role, or what the API server said. */
  readonly details?: string;
  /** What in the manifest it is about, where that is one thing. */
  readonly subject?: Omit<Subject, "cause">;
}

/** A rendered object, as loose as YAML is. */
export interface RenderedObject extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The subject of an obstacle that is about an object. @param about the manifest's key that made it so. */
export function subjectOf(
  { kind, metadata }: RenderedObject,
  fallback: string,
  about?: string,
): NonNullable<Obstacle["subject"]> {
  const workload = { kind, name: metadata?.name ?? "", namespace: metadata?.namespace ?? fallback };
  return { workload, ...(about === undefined ? {} : { about }) };
}

/** How an object is called in a sentence. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.name}`;
}

/** Whether Helm makes it before or after the rest of a release, and anew each time. */
export function isHook({ metadata }: KubernetesObject): boolean {
  return metadata?.annotations?.["helm.sh/hook"] !== undefined;
}
