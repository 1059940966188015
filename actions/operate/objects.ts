import type { KubernetesObject } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";
import type { PlainRequest } from "../core/connection.ts";

/** Who changed a field, until the change is left to nobody. */
const manager = "fairlead-operate";

/**
 * Makes a call that must succeed.
 *
 * @throws as `Cluster.ask`.
 */
async function send(cluster: Cluster, request: PlainRequest, fine: readonly number[] = []): Promise<string> {
  return await cluster.ask(async () => {
    const { status, body } = await cluster.call(request);
    if (status >= 400 && !fine.includes(status))
      throw Object.assign(new Error(`HTTP status ${status}`), { code: status, body });
    return body;
  });
}

/** Reads an object; undefined when there is none. */
export async function readObject<T extends KubernetesObject>(cluster: Cluster, path: string): Promise<T | undefined> {
  const { status, body } = await cluster.call({ path });
  if (status === 404) return undefined;
  return status === 200 ? JSON.parse(body) : JSON.parse(await send(cluster, { path }));
}

/**
 * Changes fields of an object as a person would by hand, and then leaves them to nobody: an apply that says something else
 * takes them back without a conflict. Gives the object as it is then.
 */
export async function change<T extends KubernetesObject>(cluster: Cluster, path: string, patch: unknown): Promise<T> {
  const contentType = "application/merge-patch+json";
  const write = async (body: unknown): Promise<T> =>
    JSON.parse(await send(cluster, { method: "PATCH", path, query: { fieldManager: manager }, contentType, body }));
  const { metadata } = await write(patch);
  const managedFields = metadata?.managedFields?.filter((entry) => entry.manager !== manager);
  return await write({ metadata: { managedFields } });
}

/** Makes an object; the path is that of its collection. */
export async function create<T extends KubernetesObject>(cluster: Cluster, path: string, body: T): Promise<T> {
  const made = JSON.parse(await send(cluster, { method: "POST", path, body }, [409]));
  // A try whose answer was lost has made it.
  return made.kind === "Status" ? await cluster.read<T>({ path: `${path}/${body.metadata?.name}` }) : made;
}

/** Deletes an object with what it owns; one that is not there is fine. @param seconds that its pods get to end. */
export async function remove(cluster: Cluster, path: string, seconds?: number): Promise<void> {
  const body = {
    kind: "DeleteOptions",
    apiVersion: "v1",
    propagationPolicy: "Background",
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds }),
  };
  await send(cluster, { method: "DELETE", path, body }, [404]);
}
