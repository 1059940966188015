import { renameSync, writeFileSync } from "node:fs";

/** Writes what is recorded of an instance, at once and for this user alone: another process may read it meanwhile. */
export function writeRecord(file: string, record: unknown): void {
  const unfinished = `${file}.part`;
  writeFileSync(unfinished, JSON.stringify(record), { mode: 0o600 });
  renameSync(unfinished, file);
}
