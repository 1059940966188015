import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instanceVariable } from "../test/e2e/world.ts";
import { endOrphans } from "../test/harness/processes.ts";

/**
 * Gives this run and its children a folder of their own for temporary files, so that all of them can be removed, also
 * those of a run that was killed.
 */
export async function claimTemporaryFolder(instance: string): Promise<() => Promise<void>> {
  const folder = join(tmpdir(), `fairlead-${instance}`);
  // A killed job never comes to its post step, which would have ended what it started.
  const clear = async () => {
    await endOrphans(instanceVariable, instance);
    rmSync(folder, { recursive: true, force: true });
  };
  await clear();
  mkdirSync(folder, { mode: 0o700 });
  process.env["TMPDIR"] = folder;
  return clear;
}
