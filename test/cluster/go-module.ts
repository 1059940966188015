import { run } from "./run.ts";
import { goProgram } from "./toolchain.ts";

/**
 * Gives the folder with the sources of a Go module, downloaded when it is not there yet.
 *
 * @param module `path@version`.
 * @param sum what go.sum says of it, `h1:…`; not compared if left out, Go asks its checksum database all the same.
 */
export async function goModule(module: string, sum?: string): Promise<string> {
  const { rawOutput } = await run([goProgram(), "mod", "download", "-json", module], { timeout: 600_000 });
  const { Dir: folder, Sum: found } = JSON.parse(rawOutput) as { Dir: string; Sum: string };
  if (sum !== undefined && found !== sum) throw new Error(`${module} has the checksum ${found}, not ${sum}.`);
  return folder;
}
