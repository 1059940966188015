import { gzipSync } from "node:zlib";
import { nameOf, type RenderedObject } from "../rendered/objects.ts";
import type { Obstacle } from "./obstacle.ts";

/** Bytes that a Secret may hold (Kubernetes, `MaxSecretSize`). */
const limit = 1_048_576;

/** What Helm keeps of a release beside its chart. */
export interface Kept {
  /** The values, as they are given to Helm. */
  readonly values: unknown;
  readonly rendered: string;
}

/**
 * Looks whether a release fits into the one Secret that Helm keeps it in, as base64 of gzip of JSON. The chart comes on top,
 * so Helm may still refuse what passes here.
 */
export function checkSize({ values, rendered }: Kept, objects: readonly RenderedObject[]): Obstacle[] {
  const json = JSON.stringify({ config: values, manifest: rendered });
  // Compressing takes time, and what is small enough as it is fits for sure.
  if (json.length < limit / 2) return [];
  const size = Math.ceil(gzipSync(json).length / 3) * 4;
  if (size <= limit) return [];
  const largest = objects
    .map((object) => ({ name: nameOf(object), bytes: JSON.stringify(object).length }))
    .sort((left, right) => right.bytes - left.bytes)
    .slice(0, 3)
    .map(({ name, bytes }) => `${name} (${Math.round(bytes / 1_024)} KiB)`);
  return [
    {
      code: "PREFLIGHT_FAILED",
      cause: `the release takes ${Math.round(size / 1_024)} KiB or more, and Helm keeps it in a Secret of at most 1024 KiB; its largest objects are ${largest.join(", ")}`,
      fix: "Put large files into an image or a volume, or keep them outside of the release as an `existingConfig`.",
    },
  ];
}
