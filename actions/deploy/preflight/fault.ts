import type { KubernetesObject } from "@kubernetes/client-node";
import type { ErrorCode } from "../../core/errors.ts";

/** Something that keeps a deploy from going well, found before the release is touched. */
export interface Obstacle {
  readonly code: ErrorCode;
  /** What is wrong, a sentence without the full stop. */
  readonly cause: string;
  /** What to do about it, a sentence. */
  readonly fix: string;
  /** Text for the log: a Role, or what the API server said. */
  readonly details?: string;
}

/** A rendered object, as loose as YAML is. */
export interface RenderedObject extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** How an object is called in a sentence. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.name}`;
}
