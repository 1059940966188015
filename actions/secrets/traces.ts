import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { writePrivateFile } from "../core/files.ts";

/** Names of the variables that were exported. */
const variablesNote = "secrets-variables.json";
/** Path of the file that was written. */
const fileNote = "secrets-file.json";

/** Notes which variables the post step has to blank. */
export async function noteVariables(names: readonly string[], { folder }: Context): Promise<void> {
  await writePrivateFile(folder, variablesNote, JSON.stringify(names));
}

/** Notes which file the post step has to remove. */
export async function noteFile(path: string, { folder }: Context): Promise<void> {
  await writePrivateFile(folder, fileNote, JSON.stringify(path));
}

/**
 * Removes the file with the secrets, and blanks the variables for the post steps that are still to come: the runner
 * knows no way to unset one.
 */
export async function removeTraces({ folder, runner }: Context): Promise<void> {
  for (const name of await noted<readonly string[]>(folder, variablesNote, [])) runner.exportVariable(name, "");
  const path = await noted<string>(folder, fileNote, "");
  if (path !== "") await rm(path, { force: true });
}

async function noted<T>(folder: string, name: string, otherwise: T): Promise<T> {
  const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
  return text === undefined ? otherwise : JSON.parse(text);
}
