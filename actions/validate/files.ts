import { existsSync, globSync } from "node:fs";
import { resolve } from "node:path";
import { FairleadError } from "../core/errors.ts";

/**
 * The files that paths and patterns name, each once, sorted.
 *
 * @throws FairleadError MANIFEST_INVALID when one of them names none.
 */
export function findManifests(patterns: readonly string[], folder: string): string[] {
  const found = patterns.map((pattern) => matches(pattern, folder));
  const empty = patterns.filter((_, index) => found[index]?.length === 0);
  if (empty.length === 0) return [...new Set(found.flat())].sort();
  throw new FairleadError({
    code: "MANIFEST_INVALID",
    message: `No file matches ${empty.join(", ")}.`,
    fix: "Name the manifests as they are called, from the top of the repository, and check it out before this step.",
  });
}

function matches(pattern: string, folder: string): string[] {
  // The name of a file may hold letters that mean something in a pattern.
  return existsSync(resolve(folder, pattern)) ? [pattern] : globSync(pattern, { cwd: folder });
}
