import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The regular files below some folders, each with what changes when it is written. */
export type Snapshot = ReadonlyMap<string, string>;

/** Lists every regular file below the folders; links are not followed. */
export function snapshot(folders: readonly string[]): Snapshot {
  const seen = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const { mtimeMs, size, ino } = lstatSync(file);
      seen.set(file, `${mtimeMs} ${size} ${ino}`);
    }
  }
  return seen;
}

/** The files that are new or were written between two snapshots. */
export function writtenBetween(before: Snapshot, after: Snapshot): string[] {
  return [...after].filter(([file, mark]) => before.get(file) !== mark).map(([file]) => file);
}
