import { isDeepStrictEqual } from "node:util";
import { type Cluster, type PlainAnswer, statusMessage } from "../../core/cluster.ts";
import { pathOf, type Resources } from "../../core/discovery.ts";
import { nameOf, type RenderedObject } from "../rendered/objects.ts";

/** The names of a release. */
export interface ReleaseName {
  readonly release: string;
  readonly namespace: string;
}

/** What is not any more as it was applied. */
export interface Drift {
  readonly drifted: readonly string[];
  /** Those that could not be compared, and why. */
  readonly unknown: readonly { readonly name: string; readonly why: string }[];
}

/**
 * The objects that are not any more as they were applied: deleted, or changed by hand. The API server is asked what each
 * would be after another apply; what an apply would leave alone, such as a field that nobody declares, is no drift. An
 * answer that tells nothing of the object, as to a user who may not see it, leaves open whether it drifted.
 */
export async function findDrift(
  cluster: Cluster,
  resources: Resources,
  objects: readonly RenderedObject[],
  { release, namespace }: ReleaseName,
): Promise<Drift> {
  const found = await Promise.all(
    objects.map(async (object) => ({
      name: nameOf(object),
      ...(await compare(cluster, resources, owned(object, { release, namespace }), namespace)),
    })),
  );
  return {
    drifted: found.flatMap(({ name, drifted }) => (drifted ? [name] : [])),
    unknown: found.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
  };
}

/** An object with the marks that Helm adds when it applies it (helm pkg/action/validate.go). */
export function owned(object: RenderedObject, { release, namespace }: ReleaseName): RenderedObject {
  const { labels, annotations, ...others } = object.metadata ?? {};
  const marks = { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace };
  const metadata = {
    ...others,
    labels: { ...labels, "app.kubernetes.io/managed-by": "Helm" },
    annotations: { ...annotations, ...marks },
  };
  return { ...object, metadata };
}

/** Whether an object drifted, or `why` that is not known. */
async function compare(
  cluster: Cluster,
  resources: Resources,
  object: RenderedObject,
  namespace: string,
): Promise<{ readonly drifted: boolean; readonly why?: string }> {
  const resource = resources.find(object.apiVersion, object.kind);
  if (resource === undefined) return { drifted: true };
  const path = pathOf(resource, object.metadata?.namespace ?? namespace, object.metadata?.name);
  const query = "dryRun=All&fieldManager=helm&force=true";
  const contentType = "application/apply-patch+yaml";
  const [live, applied] = await Promise.all([
    cluster.call({ path }),
    cluster.call({ method: "PATCH", path: `${path}?${query}`, contentType, body: object }),
  ]);
  const silent = [live, applied].find(({ status }) => !telling.includes(status));
  if (silent !== undefined) return { drifted: false, why: reasonOf(silent) };
  if (live.status !== 200 || applied.status !== 200) return { drifted: true };
  return { drifted: !isDeepStrictEqual(declaredIn(live.body), declaredIn(applied.body)) };
}

/**
 * Statuses that say something of the object itself: that it is there, is not, or that it cannot become what was applied,
 * which an apply has to try for its reason to be told.
 */
const telling: readonly number[] = [200, 201, 400, 404, 409, 422];

function reasonOf({ status, body }: PlainAnswer): string {
  return statusMessage(Object.assign(new Error(`HTTP status ${status}`), { body }));
}

/** An object without what the API server and controllers write, which may change between two looks. */
function declaredIn(body: string): unknown {
  const { status: _, metadata, ...object } = JSON.parse(body);
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...named } = metadata;
  return { ...object, metadata: named };
}
