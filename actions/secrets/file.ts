import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { unwritableError, write } from "./formats.ts";
import type { Destination, FileFormat } from "./inputs.ts";
import type { Named } from "./selection.ts";
import { noteFile } from "./traces.ts";

const defaultNames: Readonly<Record<FileFormat, string>> = {
  dotenv: "secrets.env",
  json: "secrets.json",
  shell: "secrets.sh",
};

/**
 * Writes secrets into a file that only the user of the runner can read, which the post step removes. Gives its absolute
 * path: in the folder of the step, so that neither a build nor an artifact takes it along, unless `file` says otherwise.
 *
 * @throws FairleadError SECRET_UNWRITABLE, or INPUT_INVALID when the file is there already.
 */
export async function writeSecretsFile(
  secrets: readonly Named[],
  { file, fileFormat = "dotenv", overwrite }: Destination,
  context: Context,
): Promise<string> {
  const written = write(secrets, fileFormat);
  if ("unwritable" in written) throw unwritableError(written.unwritable, `written as ${fileFormat}`);
  const path = file === undefined ? join(context.folder, defaultNames[fileFormat]) : resolve(context.workspace, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    if (overwrite) await rm(path, { force: true });
    // Made anew and never followed if it is a link, so that the mode is ours and nobody reads along.
    await writeFile(path, "", { mode: 0o600, flag: "wx" });
  } catch (thrown) {
    throw notWritable(path, thrown);
  }
  await noteFile(path, context);
  await writeFile(path, written.text);
  return path;
}

function notWritable(path: string, thrown: unknown): FairleadError {
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  // For `mkdir` it says that a part of the path is a file.
  const isThere = code === "EEXIST" && syscall === "open";
  return new FairleadError({
    code: "INPUT_INVALID",
    message: `\`file\` is ${path}, ${isThere ? "which is there already" : `which cannot be written (${code})`}.`,
    fix: "Name another one; `overwrite: true` replaces a file, and the post step then removes it.",
    cause: thrown,
  });
}
