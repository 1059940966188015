import type { ErrorCode } from "../../core/errors.ts";
import type { RenderedObject } from "../rendered/objects.ts";
import type { Subject } from "../report/subject.ts";

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

/** The subject of an obstacle that is about an object. @param about the manifest's key that made it so. */
export function subjectOf(
  { kind, metadata }: RenderedObject,
  fallback: string,
  about?: string,
): NonNullable<Obstacle["subject"]> {
  const workload = { kind, name: metadata?.name ?? "", namespace: metadata?.namespace ?? fallback };
  return { workload, ...(about === undefined ? {} : { about }) };
}
