import type { V1ResourceRule, V1SelfSubjectAccessReview, V1SelfSubjectRulesReview } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import type { Resources } from "../../core/discovery.ts";
import { isRequest } from "../delivery/operator.ts";
import type { RenderedObject } from "../rendered/objects.ts";
import type { Deploy } from "../rollout.ts";
import type { Obstacle } from "./obstacle.ts";

/** Something that the user of the kubeconfig must be allowed to do; no namespace for what is cluster-wide. */
interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
}

/** What Helm does with each object of a release. */
const objectVerbs = ["get", "create", "patch", "delete"];

/** Verbs on what every deploy touches, in each of its namespaces. */
export type Need = readonly [group: string, resource: string, verbs: readonly string[]];

/** What only a namespace that is not labelled yet needs. */
export const labelling: readonly Need[] = [["", "namespaces", ["get", "patch"]]];

/** What the lock, the tracker, the checks and Helm's own records need, whatever the application holds. */
const ownNeeds: readonly Need[] = [
  ["coordination.k8s.io", "leases", ["get", "create", "update", "delete"]],
  ["", "secrets", ["get", "list", "create", "update", "patch", "delete"]],
  // Made only in dry runs, deleted where they keep what comes next.
  ["", "pods", ["get", "list", "watch", "create", "delete"]],
  ["", "pods/log", ["get"]],
  ["", "events", ["list", "watch"]],
  ["", "persistentvolumeclaims", ["list", "watch"]],
  ["apps", "deployments", ["list", "watch"]],
  ["apps", "replicasets", ["list", "watch"]],
  ["apps", "statefulsets", ["list", "watch"]],
  ["apps", "daemonsets", ["list", "watch"]],
  ["batch", "jobs", ["list", "watch"]],
  ["discovery.k8s.io", "endpointslices", ["list"]],
];

/**
 * Looks whether the user of the kubeconfig may do all that a deploy does, and gives everything that is missing at once,
 * with the Role that would grant it.
 *
 * @param more what is needed in each namespace besides.
 */
export async function checkPermissions(
  { cluster, known, application }: Pick<Deploy, "cluster" | "known" | "application">,
  objects: readonly RenderedObject[],
  more: readonly Need[] = [],
): Promise<Obstacle[]> {
  const { resources, user } = await known;
  const namespaces = Object.keys(application.namespaces);
  const own = ofRelease([...more, ...ownNeeds], namespaces);
  const needed = unique([...own, ...ofObjects(objects, resources, application.namespace)]);
  const rules = new Map(
    await Promise.all(namespaces.map(async (namespace) => [namespace, await readRules(cluster, namespace)] as const)),
  );
  const doubtful = needed.filter((one) => !allows(rules.get(one.namespace || application.namespace) ?? [], one));
  const answers = await Promise.all(doubtful.map(async (one) => ({ one, allowed: await mayI(cluster, one) })));
  const missing = answers.filter(({ allowed }) => !allowed).map(({ one }) => one);
  if (missing.length === 0) return [];
  return [
    {
      code: "CLUSTER_FORBIDDEN",
      cause: `${user} may not ${sentenceOf(missing)}`,
      fix: "Grant it with the Role in the job's log.",
      details: rolesFor(missing),
    },
  ];
}

function ofRelease(needs: readonly Need[], namespaces: readonly string[]): Permission[] {
  return namespaces.flatMap((namespace) =>
    needs.flatMap(([group, resource, verbs]) => verbs.map((verb) => ({ verb, group, resource, namespace }))),
  );
}

function ofObjects(objects: readonly RenderedObject[], resources: Resources, fallback: string): Permission[] {
  return objects.flatMap(({ apiVersion, kind, metadata }) => {
    const resource = resources.find(apiVersion, kind);
    if (resource === undefined) return [];
    const namespace = resource.namespaced ? (metadata?.namespace ?? fallback) : "";
    const verbs = isRequest({ kind }) ? [...objectVerbs, "list", "watch"] : objectVerbs;
    return verbs.map((verb) => ({ verb, group: resource.group, resource: resource.name, namespace }));
  });
}

function unique(permissions: readonly Permission[]): Permission[] {
  return [...new Map(permissions.map((one) => [JSON.stringify(one), one])).values()];
}

/** What the user may do in a namespace, as far as the authorizer can list it; what is not listed is asked for singly. */
async function readRules(cluster: Cluster, namespace: string): Promise<V1ResourceRule[]> {
  const { status } = await review<V1SelfSubjectRulesReview>(cluster, "SelfSubjectRulesReview", { namespace });
  return status?.resourceRules ?? [];
}

function allows(rules: readonly V1ResourceRule[], { verb, group, resource }: Permission): boolean {
  const covers = (list: readonly string[] | undefined, value: string) =>
    list?.some((one) => one === "*" || one === value);
  return rules.some(
    ({ verbs, apiGroups, resources, resourceNames }) =>
      covers(verbs, verb) && covers(apiGroups, group) && covers(resources, resource) && !resourceNames?.length,
  );
}

async function mayI(cluster: Cluster, permission: Permission): Promise<boolean> {
  const { verb, group, namespace } = permission;
  const [resource = "", subresource = ""] = permission.resource.split("/");
  const resourceAttributes = { verb, group, resource, subresource, ...(namespace === "" ? {} : { namespace }) };
  const { status } = await review<V1SelfSubjectAccessReview>(cluster, "SelfSubjectAccessReview", {
    resourceAttributes,
  });
  return status?.allowed ?? false;
}

async function review<T>(cluster: Cluster, kind: string, spec: object): Promise<T> {
  const group = "authorization.k8s.io/v1";
  const body = { apiVersion: group, kind, spec };
  return await cluster.read({ method: "POST", path: `/apis/${group}/${kind.toLowerCase()}s`, body });
}

/** `create and patch deployments.apps in prod-web, …` */
function sentenceOf(missing: readonly Permission[]): string {
  const groups = Object.entries(
    Object.groupBy(
      missing,
      ({ resource, group, namespace }) =>
        `${resource}${group === "" ? "" : `.${group}`}${namespace === "" ? " in the whole cluster" : ` in ${namespace}`}`,
    ),
  );
  return groups.map(([what, list = []]) => `${list.map(({ verb }) => verb).join(", ")} ${what}`).join("; ");
}

/** The Roles, and the ClusterRole for what is cluster-wide, that would grant what is missing. */
function rolesFor(missing: readonly Permission[]): string {
  const byNamespace = Object.groupBy(missing, ({ namespace }) => namespace);
  return Object.entries(byNamespace)
    .map(([namespace, list = []]) => {
      const rules = Object.values(Object.groupBy(list, ({ group, resource }) => `${group}/${resource}`)).map(
        (same = []) => {
          const [{ group = "", resource = "" } = {}] = same;
          const verbs = same.map(({ verb }) => verb).join(", ");
          return `  - { apiGroups: ["${group}"], resources: [${resource}], verbs: [${verbs}] }`;
        },
      );
      const head =
        namespace === ""
          ? "kind: ClusterRole\nmetadata: { name: fairlead }"
          : `kind: Role\nmetadata: { name: fairlead, namespace: ${namespace} }`;
      return `apiVersion: rbac.authorization.k8s.io/v1\n${head}\nrules:\n${rules.join("\n")}`;
    })
    .join("\n---\n");
}
