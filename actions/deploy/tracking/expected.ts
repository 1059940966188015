import type { KubernetesObject, V1Job } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { releaseSelector, type Scope } from "./store.ts";
import type { Expected } from "./judge.ts";
import type { WorkloadKind } from "./workloads.ts";

/**
 * The workloads of a release as they are now, right after they were applied: their generations tell a watch that lags
 * behind from one that has seen the change. Helm waits for its hooks itself, and the Jobs of a CronJob run when they do.
 */
export async function readExpected({ apps, batch, ask }: Cluster, { release, namespaces }: Scope): Promise<Expected[]> {
  const labelSelector = releaseSelector(release);
  const perNamespace = namespaces.map(async (namespace) => {
    const query = { namespace, labelSelector };
    const [deployments, statefulSets, daemonSets, jobs] = await Promise.all([
      ask(() => apps.listNamespacedDeployment(query)),
      ask(() => apps.listNamespacedStatefulSet(query)),
      ask(() => apps.listNamespacedDaemonSet(query)),
      ask(() => batch.listNamespacedJob(query)),
    ]);
    return [
      ...expect("Deployment", deployments.items),
      ...expect("StatefulSet", statefulSets.items),
      ...expect("DaemonSet", daemonSets.items),
      ...expect("Job", jobs.items.filter(isOwnJob)),
    ];
  });
  return (await Promise.all(perNamespace)).flat();
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
  const ofCronJob = metadata?.ownerReferences?.some(({ kind }) => kind === "CronJob") ?? false;
  return !ofCronJob && metadata?.annotations?.["helm.sh/hook"] === undefined;
}
