import { existsSync } from "node:fs";
import { glob } from "node:fs/promises";
import { resolve } from "node:path";
import { FairleadError } from "../core/errors.ts";

/**
 * The files that paths and patterns name, each once, sorted.
 *
 * @throws FairleadError MANIFEST_INVALID when one of them names none.
 */
export async function findManifests(patterns: readonly string[], folder: string): Promise<string[]> {
  const found = await Promise.all(patterns.map((pattern) => matches(pattern, folder)));
  const empty = patterns.filter((_, index) => found[index]?.length === 0);
  if (empty.length === 0) return [...new Set(found.flat())].sort();
  throw new FairleadError({
    code: "MANIFEST_INVALID",
    message: `No file matches ${empty.join(", ")}.`,
    fix: "Name the manifests as they are called, from the top of the repository, and check it out before this step.",
  });
}

async function matches(pattern: string, folder: string): Promise<string[]> {
  // The name of a file may hold letters that mean something in a pattern.
  if (existsSync(resolve(folder, pattern))) return [pattern];
  return await Array.fromAsync(glob(pattern, { cwd: folder }));
}
