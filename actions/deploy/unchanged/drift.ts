import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "../../core/cluster.ts";
import { pathOf, type Resources } from "../../core/discovery.ts";
import { nameOf, type RenderedObject } from "../rendered/objects.ts";

/** The names of a release. */
export interface ReleaseName {
  readonly release: string;
  readonly namespace: string;
}

/**
 * The objects that are not any more as they were applied: deleted, or changed by hand. The API server is asked what each
 * would be after another apply; what an apply would leave alone, such as a field that nobody declares, is no drift.
 */
export async function findDrift(
  cluster: Cluster,
  resources: Resources,
  objects: readonly RenderedObject[],
  { release, namespace }: ReleaseName,
): Promise<string[]> {
  const drifted = await Promise.all(
    objects.map((object) => hasDrifted(cluster, resources, owned(object, { release, namespace }), namespace)),
  );
  return objects.filter((_, index) => drifted[index]).map(nameOf);
}

/** An object with the marks that Helm adds when it applies it (helm pkg/action/validate.go). */
function owned(object: RenderedObject, { release, namespace }: ReleaseName): RenderedObject {
  const { labels, annotations, ...others } = object.metadata ?? {};
  const marks = { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace };
  const metadata = {
    ...others,
    labels: { ...labels, "app.kubernetes.io/managed-by": "Helm" },
    annotations: { ...annotations, ...marks },
  };
  return { ...object, metadata };
}

async function hasDrifted(
  cluster: Cluster,
  resources: Resources,
  object: RenderedObject,
  namespace: string,
): Promise<boolean> {
  const resource = resources.find(object.apiVersion, object.kind);
  if (resource === undefined) return true;
  const path = pathOf(resource, object.metadata?.namespace ?? namespace, object.metadata?.name);
  const query = "dryRun=All&fieldManager=helm&force=true";
  const contentType = "application/apply-patch+yaml";
  const [live, applied] = await Promise.all([
    cluster.call({ path }),
    cluster.call({ method: "PATCH", path: `${path}?${query}`, contentType, body: object }),
  ]);
  // An apply that would be refused has to be tried for its reason to be told.
  if (live.status !== 200 || applied.status !== 200) return true;
  return !isDeepStrictEqual(declaredIn(live.body), declaredIn(applied.body));
}

/** An object without what the API server and controllers write, which may change between two looks. */
function declaredIn(body: string): unknown {
  const { status: _, metadata, ...object } = JSON.parse(body);
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...named } = metadata;
  return { ...object, metadata: named };
}
