import type { KubernetesObject, V1DaemonSet, V1Deployment, V1Job, V1StatefulSet } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import { isHook } from "../rendered/objects.ts";
import type { Expected } from "./judge.ts";
import type { Snapshot } from "./snapshot.ts";
import { instanceSelector, type Scope } from "./store.ts";
import type { WorkloadKind } from "./workloads.ts";

/**
 * The workloads of a release as they are now, right after they were applied: their generations tell a watch that lags
 * behind from one that has seen the change. Helm waits for its hooks itself.
 */
export async function readExpected(cluster: Cluster, { instance, namespaces }: Scope): Promise<Expected[]> {
  const query = { labelSelector: instanceSelector(instance) };
  const perNamespace = namespaces.map(async (namespace) => {
    const list = async <T>(group: string, kind: string) =>
      (await cluster.read<List<T>>({ path: `/apis/${group}/v1/namespaces/${namespace}/${kind}`, query })).items;
    const [deployments, statefulSets, daemonSets, jobs] = await Promise.all([
      list<V1Deployment>("apps", "deployments"),
      list<V1StatefulSet>("apps", "statefulsets"),
      list<V1DaemonSet>("apps", "daemonsets"),
      list<V1Job>("batch", "jobs"),
    ]);
    return expectedOf({ deployments, statefulSets, daemonSets, jobs: jobs.filter((job) => !isHook(job)) });
  });
  return (await Promise.all(perNamespace)).flat();
}

/** The workloads among some objects, hooks included; the Jobs of a CronJob run when they do. */
export function expectedOf(
  objects: Pick<Snapshot, "deployments" | "statefulSets" | "daemonSets" | "jobs">,
): Expected[] {
  return [
    ...expect("Deployment", objects.deployments),
    ...expect("StatefulSet", objects.statefulSets),
    ...expect("DaemonSet", objects.daemonSets),
    ...expect("Job", objects.jobs.filter(isOwnJob)),
  ];
}

function expect(kind: WorkloadKind, objects: readonly KubernetesObject[]): Expected[] {
  return objects
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => {
      const { name = "", namespace = "", uid = "", generation = 0 } = metadata ?? {};
      return { kind, name, namespace, uid, generation };
    });
}

function isOwnJob({ metadata }: V1Job): boolean {
  return !metadata?.ownerReferences?.some(({ kind }) => kind === "CronJob");
}
