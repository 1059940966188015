import { isDeepStrictEqual } from "node:util";
import type { V1DaemonSet, V1Deployment, V1Job, V1ResourceQuota, V1StatefulSet } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { pathOf, type Resources } from "../../core/discovery.ts";
import { isHook, type RenderedObject } from "../rendered/objects.ts";
import { instanceSelector } from "../tracking/store.ts";
import { add, type Change, type Demand, demandOf, growthOf, type Load, peakOf } from "./demand.ts";
import { dryRunRequest } from "./dry-run-request.ts";
import { listAt } from "./listed.ts";
import type { Obstacle } from "./obstacle.ts";
import { formatQuantity, parseQuantity } from "./quantity.ts";

/**
 * Quotas by namespace. A namespace is not in it when its quotas may not be listed, or when one counts only some pods: there
 * the API server judges each pod alone.
 */
export type Quotas = ReadonlyMap<string, readonly V1ResourceQuota[]>;

/** Reads the quotas of namespaces. */
export async function readQuotas(cluster: Cluster, namespaces: readonly string[]): Promise<Quotas> {
  const answers = await Promise.all(
    namespaces.map(async (namespace) => {
      const items = await listAt<V1ResourceQuota>(cluster, `/api/v1/namespaces/${namespace}/resourcequotas`);
      return [namespace, items] as const;
    }),
  );
  return new Map(
    answers.filter((entry): entry is [string, readonly V1ResourceQuota[]] => entry[1]?.every(countsAll) ?? false),
  );
}

function countsAll({ spec }: V1ResourceQuota): boolean {
  return !spec?.scopes?.length && !spec?.scopeSelector;
}

/** What the sum over a release is made of. */
export interface Rollout {
  readonly objects: readonly RenderedObject[];
  readonly namespace: string;
  /** As the labels of the workloads say. */
  readonly instance: string;
  /** Whether objects are applied by the server. */
  readonly owned: boolean;
}

/**
 * Adds up what all workloads of a release ask for at once, surge included and what their old pods set free taken off, and
 * compares it with what the quotas have left. A dry run of single objects cannot tell.
 */
export async function checkQuotas(
  cluster: Cluster,
  resources: Resources,
  quotas: Quotas,
  rollout: Rollout,
): Promise<Obstacle[]> {
  const limited = [...quotas].filter(([, list]) => list.length > 0);
  const found = limited.map(async ([namespace, list]) => {
    const changes = await changesIn(cluster, resources, namespace, rollout);
    const [growth, peak] = [growthOf, peakOf].map((of) => changes.map(of).reduce(add, {}));
    return list.flatMap((quota) => lacking(quota, growth ?? {}, peak ?? {}));
  });
  return (await Promise.all(found)).flat();
}

function lacking({ metadata, status }: V1ResourceQuota, growth: Demand, peak: Demand): Obstacle[] {
  const { hard = {}, used = {} } = status ?? {};
  const rows = Object.entries(hard).map(([name, amount]) => {
    const resource = quotaNames[name] ?? name;
    const total = parseQuantity(amount);
    const left = total - parseQuantity(used[name]);
    return { name, total, left, needed: peak[resource] ?? 0, stays: growth[resource] ?? 0 };
  });
  const short = rows.filter(({ needed, left }) => needed > 0 && needed > left + tolerance);
  if (short.length === 0) return [];
  const parts = short.map(
    ({ name, total, left, needed }) =>
      `${formatQuantity(name, needed)} more ${name}, of which ${formatQuantity(name, Math.max(0, left))} of ${formatQuantity(name, total)} is left`,
  );
  const forGood = short.some(({ stays, left }) => stays > left + tolerance);
  return [
    {
      code: "PREFLIGHT_FAILED",
      cause: `the quota ${metadata?.name} of namespace ${metadata?.namespace} has no room for this release${forGood ? "" : " while new pods start beside the old ones"}: it needs ${parts.join(", and ")}`,
      fix: forGood
        ? "Lower `resources` or `replicas` in the manifest, or raise the quota."
        : "Raise the quota, lower `resources`, or let old pods go first with `updateStrategy: {type: Recreate}`.",
      subject: { about: "resources" },
    },
  ];
}

/** Sums of decimal fractions are not exact. */
const tolerance = 1e-6;

/** Names of the same thing (Kubernetes, "Resource Quotas"). */
const quotaNames: Readonly<Record<string, string>> = {
  cpu: "requests.cpu",
  memory: "requests.memory",
  "ephemeral-storage": "requests.ephemeral-storage",
  "count/pods": "pods",
};

type Workload = (V1Deployment | V1StatefulSet | V1DaemonSet | V1Job) & { readonly kind: string };

/** Where the objects that make pods are listed; old Jobs have ended, or go on beside new ones. */
const listed = { Deployment: "deployments", StatefulSet: "statefulsets", DaemonSet: "daemonsets" };

async function changesIn(
  cluster: Cluster,
  resources: Resources,
  namespace: string,
  rollout: Rollout,
): Promise<Change[]> {
  const own = rollout.objects.filter(
    (object) =>
      (object.metadata?.namespace ?? rollout.namespace) === namespace &&
      (object.kind in listed || object.kind === "Job") &&
      !isHook(object),
  );
  const [live, next] = await Promise.all([
    liveWorkloads(cluster, namespace, rollout.instance),
    Promise.all(own.map((object) => asServed(cluster, resources, object, rollout))),
  ]);
  const fewest = fewestPods(rollout.objects);
  const wanted = next.filter((workload) => workload !== undefined);
  const names = new Set(own.map(keyOf));
  const gone = live.filter((workload) => !names.has(keyOf(workload)));
  return [
    ...wanted.map((workload) => {
      const old = live.find((one) => keyOf(one) === keyOf(workload));
      return changeOf(old, workload, fewest.get(keyOf(workload)));
    }),
    ...gone.map((workload) => ({ old: loadOf(workload), next: nothing, surge: 0 })),
  ];
}

function keyOf({ kind, metadata }: Pick<RenderedObject, "kind" | "metadata">): string {
  return `${kind} ${metadata?.name}`;
}

async function liveWorkloads(cluster: Cluster, namespace: string, instance: string): Promise<Workload[]> {
  const query = `labelSelector=${encodeURIComponent(instanceSelector(instance))}`;
  const lists = await Promise.all(
    Object.entries(listed).map(async ([kind, plural]) => {
      const path = `/apis/apps/v1/namespaces/${namespace}/${plural}?${query}`;
      const items = (await listAt<Workload>(cluster, path)) ?? [];
      // A list does not repeat the kind in its items.
      return items.map((item) => ({ ...item, kind }));
    }),
  );
  return lists.flat();
}

/** A workload with all that the server adds, as it will be kept; undefined when the server refuses it, which is told. */
async function asServed(cluster: Cluster, resources: Resources, object: RenderedObject, { namespace, owned }: Rollout) {
  const resource = resources.find(object.apiVersion, object.kind);
  if (resource === undefined) return undefined;
  const path = pathOf(resource, object.metadata?.namespace ?? namespace, object.metadata?.name);
  const { status, body } = await cluster.call(dryRunRequest(path, object, owned));
  return status < 300 ? ({ ...JSON.parse(body), kind: object.kind } as Workload) : undefined;
}

/** The fewest pods that autoscalers keep, by workload: a render leaves the number to them. */
function fewestPods(objects: readonly RenderedObject[]): ReadonlyMap<string, number> {
  const scalers = objects.filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  return new Map(
    scalers.map(({ spec }) => {
      const { scaleTargetRef, minReplicas = 1 } = spec as {
        scaleTargetRef?: { kind?: string; name?: string };
        minReplicas?: number;
      };
      return [`${scaleTargetRef?.kind} ${scaleTargetRef?.name}`, minReplicas];
    }),
  );
}

const nothing: Load = { pods: 0, each: {} };

/**
 * How a workload changes: pods whose template stays the same stay too.
 *
 * @param fewest pods that an autoscaler keeps; where there is one, what is there stays until that looks.
 */
export function changeOf(live: Workload | undefined, workload: Workload, fewest?: number): Change {
  const load = loadOf(workload);
  const kept = fewest === undefined ? [] : [fewest, live === undefined ? 0 : podsOf(live)];
  const next = { ...load, pods: Math.max(load.pods, ...kept) };
  if (live === undefined) return { old: nothing, next, surge: 0 };
  const same = isDeepStrictEqual(live.spec?.template, workload.spec?.template);
  return { old: loadOf(live), next, surge: same ? 0 : surgeOf(workload, next.pods) };
}

function loadOf(workload: Workload): Load {
  const { template } = workload.spec ?? {};
  return { pods: podsOf(workload), each: template?.spec ? demandOf(template.spec) : {} };
}

function podsOf({ kind, spec, status }: Workload): number {
  if (kind === "Job") return (spec as V1Job["spec"])?.parallelism ?? 1;
  // How many nodes a new one will run on is not known before it is there.
  if (kind === "DaemonSet") return (status as V1DaemonSet["status"])?.desiredNumberScheduled ?? 1;
  return (spec as V1Deployment["spec"])?.replicas ?? 1;
}

/** Pods beyond the wanted ones, where none may go before; a rollout that may begin with taking some away makes its own room. */
function surgeOf({ kind, spec }: Workload, pods: number): number {
  const { strategy, updateStrategy } = (spec ?? {}) as {
    strategy?: { rollingUpdate?: RollingUpdate };
    updateStrategy?: { rollingUpdate?: RollingUpdate };
  };
  const rolling = kind === "Deployment" ? strategy?.rollingUpdate : updateStrategy?.rollingUpdate;
  if (rolling?.maxSurge === undefined) return 0;
  // Kubernetes rounds a surge up, and what may be missing down.
  const surge = Math.ceil(shareOf(rolling.maxSurge, pods));
  return Math.max(0, surge - Math.floor(shareOf(rolling.maxUnavailable ?? 0, pods)));
}

interface RollingUpdate {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

function shareOf(value: number | string, pods: number): number {
  return typeof value === "string" && value.endsWith("%") ? (Number.parseFloat(value) / 100) * pods : Number(value);
}
