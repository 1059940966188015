import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "../../core/cluster.ts";
import { FairleadError } from "../../core/errors.ts";

/** How long calls wait for an API server that is out of reach, in milliseconds, and who is told. */
export interface Outage {
  readonly longest: number;
  /** Between two tries, each of which is several by itself; 500 by default. */
  readonly pause?: number;
  readonly signal: AbortSignal;
  say(line: string): void;
}

/**
 * A cluster whose calls outlast an API server that is away for a while, as when it is upgraded: half-way through a deploy
 * there is nothing better to do than to wait. The lock must not use it: it has to know in time that it is lost.
 */
export function patientCluster(cluster: Cluster, { longest, pause = 500, signal, say }: Outage): Cluster {
  const patiently = async <T>(call: () => Promise<T>, own?: AbortSignal): Promise<T> => {
    const end = performance.now() + longest;
    for (let told = false; ; told = true) {
      try {
        return await call();
      } catch (thrown) {
        const away = thrown instanceof FairleadError && thrown.code === "CLUSTER_UNREACHABLE";
        // A call that was given up by its own signal looks like one that nobody answered.
        if (!away || own?.aborted || performance.now() >= end) throw thrown;
        if (!told) say(thrown.message);
        await wait(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  };
  return {
    ...cluster,
    ask: (call) => patiently(() => cluster.ask(call)),
    read: (request) => patiently(() => cluster.read(request)),
    readText: (request) => patiently(() => cluster.readText(request)),
    call: (request, own) => patiently(() => cluster.call(request, own), own),
  };
}
