import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";
import { instanceSelector } from "../deploy/tracking/store.ts";

/** A container of the only pod that has an instance's label. */
export interface OnlyContainer {
  readonly namespace: string;
  readonly instance: string;
  readonly container: string;
}

/** The log of a container, given on while it is written. */
export interface Following {
  /** Gives on what was not there yet, once the container has ended. */
  finish(): Promise<void>;
  stop(): void;
}

/**
 * Follows the log of a container from when it starts. When the connection breaks off, the rest comes at the end.
 *
 * @param give gets the bytes as they come, each once.
 */
export async function followLog(
  cluster: Pick<Cluster, "watch" | "stream">,
  { namespace, instance, container }: OnlyContainer,
  give: (piece: Buffer) => void,
): Promise<Following> {
  const ended = new AbortController();
  let given = 0;
  const read = async (pod: string, follow: boolean, signal: AbortSignal) => {
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
    let left = given;
    for await (const piece of await cluster.stream({ path, query: { container, follow: String(follow) } }, signal)) {
      const fresh = piece.subarray(left);
      left = Math.max(0, left - piece.length);
      given += fresh.length;
      if (fresh.length > 0) give(fresh);
    }
  };
  let following: Promise<void> | undefined;
  const look = (pod: V1Pod) => {
    if (!hasStarted(pod, container)) return;
    following ??= read(pod.metadata?.name ?? "", true, ended.signal).catch(() => {});
  };
  const collection = { path: `/api/v1/namespaces/${namespace}/pods`, labelSelector: instanceSelector(instance) };
  const watched = await cluster.watch<V1Pod>(collection, { changed: look, away() {}, back() {} });
  for (const pod of watched.items()) look(pod);
  const stop = () => {
    watched.stop();
    ended.abort();
  };
  return {
    async finish() {
      const pods = watched.items();
      stop();
      await following;
      // What never ran has no log; its reason is told already.
      for (const pod of pods) await read(pod.metadata?.name ?? "", false, AbortSignal.timeout(15_000)).catch(() => {});
    },
    stop,
  };
}

function hasStarted({ status }: V1Pod, container: string): boolean {
  const state = status?.containerStatuses?.find(({ name }) => name === container)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}
