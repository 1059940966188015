import { type Cluster, type PlainAnswer, statusMessage } from "./cluster.ts";
import { FairleadError } from "./errors.ts";

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
  readonly kind: string;
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

/**
 * Asks which kinds a cluster knows, with two calls.
 *
 * @throws FairleadError CLUSTER_FORBIDDEN when the user may not ask; CLUSTER_REJECTED when the server does not list them
 *   in one answer, which it does from Kubernetes 1.30 on.
 */
export async function discover(cluster: Pick<Cluster, "call">): Promise<Resources> {
  const answers = await Promise.all(["/api", "/apis"].map((path) => cluster.call({ path, accept: aggregated })));
  const known = new Map<string, Resource>();
  for (const answer of answers) {
    for (const { metadata, versions } of groupsIn(answer)) {
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

/** What is no list of groups was answered by something else: an older server, or a proxy in front of it. */
function groupsIn(answer: PlainAnswer): GroupList["items"] {
  const { status } = answer;
  const list = status === 200 ? parsed(answer) : undefined;
  if (list?.kind === "APIGroupDiscoveryList") return list.items ?? [];
  if (status === 403) {
    throw new FairleadError({
      code: "CLUSTER_FORBIDDEN",
      message: `The user of the kubeconfig may not ask which kinds the cluster knows: ${statusMessage(answer)}.`,
      fix: "Bind it to the ClusterRole `system:discovery`, as the cluster does for every user by default.",
    });
  }
  throw new FairleadError({
    code: "CLUSTER_REJECTED",
    message:
      status === 200
        ? "The API server does not list its kinds in one answer (aggregated discovery)."
        : `The API server does not list its kinds: it answers with status ${status}.`,
    fix: "fairlead needs Kubernetes 1.30 or later, and a proxy in front of it that hands on the Accept header.",
  });
}

function parsed({ body }: PlainAnswer): Partial<GroupList> | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
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
