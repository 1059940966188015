import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { withLock } from "./lock.ts";
import type { Progress } from "./progress.ts";

/** The folder outside the repository where everything that was built or downloaded is kept. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment["FAIRLEAD_CACHE"]) return environment["FAIRLEAD_CACHE"];
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "fairlead");
}

/**
 * Gives a folder of the cache and fills it first if it is not there. `fill` writes into a folder beside it that gets
 * its name only when all is done, so what a killed run leaves is never taken for the whole. One folder is filled at a
 * time: most of them keep every core busy.
 *
 * @param name the folder under the cache; what it is made from must be part of the name.
 */
export async function cached(
  name: string,
  progress: Progress,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  await withLock(join(cacheFolder(), "fill.lock"), progress, async () => {
    if (existsSync(folder)) return;
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await fill(unfinished);
    await rename(unfinished, folder);
  });
  return folder;
}

/** A short name for these texts: the same for the same texts in the same order only. */
export function hashOf(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest("hex").slice(0, 12);
}

/** The hash of the files that lie directly in a folder, names and content. */
export async function hashOfFolder(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const contents = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")]));
  return hashOf(...contents.flat());
}
