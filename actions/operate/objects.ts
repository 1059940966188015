import type { KubernetesObject } from "@kubernetes/client-node";
import { type Cluster, unless } from "../core/cluster.ts";
import type { PlainRequest } from "../core/connection.ts";

/** Who changed a field, until the change is left to nobody. */
const manager = "fairlead-operate";

/** Makes a call; undefined for an answer with one of these statuses. */
async function send<T>(cluster: Cluster, request: PlainRequest, fine: readonly number[]): Promise<T | undefined> {
  return await cluster.ask(() => unless(fine, () => cluster.send<T>(request)));
}

/** Reads an object; undefined when there is none. */
export async function readObject<T extends KubernetesObject>(cluster: Cluster, path: string): Promise<T | undefined> {
  return await send(cluster, { path }, [404]);
}

/**
 * Changes fields of an object as a person would by hand, and then leaves them to nobody: an apply that says something else
 * takes them back without a conflict. Gives the object as it is then.
 */
export async function change<T extends KubernetesObject>(cluster: Cluster, path: string, patch: unknown): Promise<T> {
  const contentType = "application/merge-patch+json";
  const write = (body: unknown) =>
    cluster.read<T>({ method: "PATCH", path, query: { fieldManager: manager }, contentType, body });
  const { metadata } = await write(patch);
  const managedFields = metadata?.managedFields?.filter((entry) => entry.manager !== manager);
  return await write({ metadata: { managedFields } });
}

/** Makes an object; the path is that of its collection. */
export async function create<T extends KubernetesObject>(cluster: Cluster, path: string, body: T): Promise<T> {
  const made = await send<T>(cluster, { method: "POST", path, body }, [409]);
  // A try whose answer was lost has made it.
  return made ?? (await cluster.read<T>({ path: `${path}/${body.metadata?.name}` }));
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
