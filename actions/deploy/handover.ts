import type { V1ManagedFieldsEntry, V1ObjectMeta, V2HorizontalPodAutoscalerSpec } from "@kubernetes/client-node";
import { type Cluster, unless } from "../core/cluster.ts";
import { type RenderedObject, readObjects } from "./rendered/objects.ts";

/** A workload whose number of pods an autoscaler decides. */
export interface Scaled {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

const autoscalerKind = "HorizontalPodAutoscaler";

/**
 * Lets workloads keep their number of pods where objects that are about to be applied leave it to an autoscaler. The API
 * server takes 1 for a number that Helm owns and does not say any more, and the autoscaler looks only seconds later
 * (Kubernetes, "Server-Side Apply", "Transferring ownership"). A number that nobody owns stays as it is, whoever ends in
 * between, and goes to who sets it next without a conflict: to the autoscaler, or to Helm again on the way back. A field
 * manager of one's own, as documented there, would stay the owner where the autoscaler has nothing to change, and would be
 * in the way of the next number in a manifest.
 *
 * Where there is no autoscaler nothing is asked.
 *
 * @param namespace of objects that name none.
 * @param say told of each workload that keeps its number.
 * @throws FairleadError of the cluster client.
 */
export async function handOver(
  cluster: Pick<Cluster, "ask" | "send">,
  { rendered, namespace }: { readonly rendered: string; readonly namespace: string },
  say: (line: string) => void,
): Promise<void> {
  if (!rendered.includes(autoscalerKind)) return;
  await Promise.all(
    scaledIn(await readObjects(rendered), namespace).map(async (workload) => {
      const { kind, name } = workload;
      if (await leaveToNobody(cluster, workload)) say(`${kind} ${name} keeps its number of pods for its autoscaler`);
    }),
  );
}

/** The workloads among objects that do not say their number of pods, because an autoscaler decides it. */
export function scaledIn(objects: readonly RenderedObject[], namespace: string): Scaled[] {
  const targets = new Set(
    objects.filter(({ kind }) => kind === autoscalerKind).map((scaler) => targetOf(scaler, namespace)),
  );
  return objects.flatMap(({ kind, metadata, spec }) => {
    if (!["Deployment", "StatefulSet"].includes(kind) || spec?.["replicas"] !== undefined) return [];
    const workload = { kind, name: metadata?.name ?? "", namespace: metadata?.namespace ?? namespace };
    return targets.has(keyOf(workload)) ? [workload] : [];
  });
}

function targetOf({ metadata, spec }: RenderedObject, namespace: string): string {
  const { scaleTargetRef } = (spec ?? {}) as Partial<V2HorizontalPodAutoscalerSpec>;
  const { kind = "", name = "" } = scaleTargetRef ?? {};
  return keyOf({ kind, name, namespace: metadata?.namespace ?? namespace });
}

function keyOf({ kind, name, namespace }: Scaled): string {
  return `${kind} ${namespace}/${name}`;
}

/** Gives whether Helm owned the number of pods. */
async function leaveToNobody(cluster: Pick<Cluster, "ask" | "send">, { kind, name, namespace }: Scaled) {
  const path = `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
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
