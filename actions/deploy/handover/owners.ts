import type { V1ManagedFieldsEntry, V1ObjectMeta } from "@kubernetes/client-node";
import { type Cluster, unless } from "../../core/cluster.ts";
import { pathOf, type Scaled } from "./scaled.ts";

/**
 * Leaves the number of pods of a workload to nobody, if Helm owns it: the API server takes 1 for a number that Helm owns and
 * does not say any more (Kubernetes, "Server-Side Apply", "Transferring ownership"). What nobody owns stays as it is, and goes
 * to who sets it next without a conflict: to the autoscaler, or to Helm again on the way back. A field manager of one's own, as
 * documented there, would stay the owner where the autoscaler has nothing to change, and would be in the way of the next
 * number in a manifest.
 *
 * @returns whether Helm owned it.
 */
export async function leaveToNobody(cluster: Pick<Cluster, "ask" | "send">, workload: Scaled): Promise<boolean> {
  const path = pathOf(workload);
  return await cluster.ask(async () => {
    const live = await unless([404], () => cluster.send<{ readonly metadata: V1ObjectMeta }>({ path }));
    const { resourceVersion, managedFields = [] } = live?.metadata ?? {};
    if (!managedFields.some(isHelmsNumber)) return false;
    // A write in between makes this a conflict, which is tried again.
    const metadata = { resourceVersion, managedFields: managedFields.map(withoutNumber) };
    await cluster.send({ method: "PATCH", path, contentType: "application/merge-patch+json", body: { metadata } });
    return true;
  });
}

/** Fields in the notation of `metadata.managedFields`, as far as they matter here. */
interface Fields {
  readonly "f:spec"?: Readonly<Record<string, unknown>>;
}

/** Helm 4 applies, Helm 3 and Helm 4 on a release of Helm 3 update, all under this name (helm cmd/helm/helm.go). */
function isHelmsNumber({ manager, subresource, fieldsV1 }: V1ManagedFieldsEntry): boolean {
  const number = (fieldsV1 as Fields | undefined)?.["f:spec"]?.["f:replicas"];
  return manager === "helm" && subresource === undefined && number !== undefined;
}

/** Who owns which fields of a workload, without Helm's number of pods. */
function withoutNumber(entry: V1ManagedFieldsEntry): V1ManagedFieldsEntry {
  if (!isHelmsNumber(entry)) return entry;
  const { "f:spec": spec, ...others } = entry.fieldsV1 as Fields;
  const { "f:replicas": _, ...rest } = spec ?? {};
  // Without any field in it, `spec` would stand for the whole of it.
  return { ...entry, fieldsV1: Object.keys(rest).length === 0 ? others : { ...others, "f:spec": rest } };
}
