import type { Cluster } from "../../core/cluster.ts";

/** All objects at a path of the API server; undefined when they may not be listed, or when nobody knows their kind. */
export async function listAt<T>(cluster: Cluster, path: string): Promise<readonly T[] | undefined> {
  const { status, body } = await cluster.call({ path });
  return status === 200 ? (JSON.parse(body) as { items: T[] }).items : undefined;
}
