import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureDebianPrograms } from "../cluster/debian.ts";
import { type Network, startNetwork, stopNetwork } from "../cluster/network.ts";

/** An instance for one test file: a network of its own for the few real parts that the file needs. */
export interface TestInstance extends AsyncDisposable {
  readonly network: Network;
}

/** Starts an empty instance, and first ends what a killed run left of it. */
export async function startInstance(name: string): Promise<TestInstance> {
  const state = join(tmpdir(), `fairlead-${name}`);
  const stop = async () => {
    await stopNetwork(state);
    rmSync(state, { recursive: true, force: true });
  };
  await stop();
  const network = await startNetwork(name, state, await ensureDebianPrograms(console.log));
  return { network, [Symbol.asyncDispose]: stop };
}
