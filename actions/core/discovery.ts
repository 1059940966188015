import type { Cluster } from "./cluster.ts";

/** A kind of object, as the API server serves it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural in paths and in roles, `deployments`. */
  readonly name: string;
  readonly namespaced: boolean;
}

/** The kinds that a cluster knows. */
export interface Resources {
  /** Undefined for a kind that the cluster does not know: its custom resource definition is missing. */
  find(apiVersion: string, kind: string): Resource | undefined;
}

/** Everything in one answer (Kubernetes 1.30 and later, "Aggregated discovery"). */
const aggregated = "application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList";

interface GroupList {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly scope: string;
        readonly responseKind?: { readonly kind: string };
      }[];
    }[];
  }[];
}

/** Asks which kinds a cluster knows, with two calls. */
export async function discover(cluster: Cluster): Promise<Resources> {
  const answers = await Promise.all(["/api", "/apis"].map((path) => cluster.call({ path, accept: aggregated })));
  const known = new Map<string, Resource>();
  for (const { body } of answers) {
    for (const { metadata, versions } of (JSON.parse(body) as GroupList).items) {
      const group = metadata?.name ?? "";
      for (const { version, resources = [] } of versions) {
        for (const { resource: name, scope, responseKind } of resources) {
          const key = keyOf(group === "" ? version : `${group}/${version}`, responseKind?.kind ?? "");
          known.set(key, { group, version, name, namespaced: scope === "Namespaced" });
        }
      }
    }
  }
  return { find: (apiVersion, kind) => known.get(keyOf(apiVersion, kind)) };
}

/** The path of one object, or of all of its kind when no name is given. */
export function pathOf({ group, version, name, namespaced }: Resource, namespace: string, object = ""): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const place = namespaced ? `/namespaces/${namespace}` : "";
  return `${root}${place}/${name}${object === "" ? "" : `/${object}`}`;
}

function keyOf(apiVersion: string, kind: string): string {
  return `${apiVersion} ${kind}`;
}
