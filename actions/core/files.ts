import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes a file that only the user of the runner can read (mode 0600) into the folder of the step,
 * and gives its absolute path.
 */
export async function writePrivateFile(folder: string, name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, content, { mode: 0o600 });
  return file;
}
