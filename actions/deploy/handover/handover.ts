import type { Cluster } from "../../core/cluster.ts";
import { restate } from "../releases/mark.ts";
import { listRevisions, readContentOf } from "../releases/read.ts";
import type { RevisionWords } from "../releases/revision.ts";
import { readObjects } from "../rendered/objects.ts";
import type { ReleaseName } from "../unchanged/drift.ts";
import { leaveToNobody } from "./owners.ts";
import { withoutNumbers } from "./record.ts";
import { autoscalerKind, type Scaled, scaledIn } from "./scaled.ts";

/** What Helm is about to apply. */
export interface Applying extends Pick<RevisionWords, "rendered" | "applyMethod"> {
  readonly way: "upgrade" | "rollback";
}

/**
 * Lets workloads keep their number of pods where what is about to be applied leaves it to an autoscaler. An apply takes the
 * number away with which the release began, Kubernetes then takes 1, and the autoscaler looks only seconds later. Whoever ends
 * between this and the apply leaves nothing behind that is in the way. Where there is no autoscaler nothing is asked.
 *
 * @param say told of each workload that keeps its number.
 * @returns the number of the newest revision, if another had to be written.
 * @throws FairleadError of the cluster client.
 */
export async function handOver(
  cluster: Cluster,
  release: ReleaseName,
  { rendered, applyMethod, way }: Applying,
  say: (line: string) => void,
): Promise<number | undefined> {
  if (!rendered.includes(autoscalerKind)) return undefined;
  const scaled = scaledIn(await readObjects(rendered), release.namespace);
  const tell = ({ kind, name }: Scaled) => say(`${kind} ${name} keeps its number of pods for its autoscaler`);
  if (applyMethod === "csa") return await handOverRecord(cluster, release, way, scaled, tell);
  await Promise.all(
    scaled.map(async (workload) => {
      if (await leaveToNobody(cluster, workload)) tell(workload);
    }),
  );
  return undefined;
}

/**
 * Where Helm itself merges objects, as on a release of Helm 3, it takes away what its last revision said and the next one
 * does not (helm pkg/kube/client.go, `createPatch`). So a revision comes in between that is the last one without the number, as
 * Kubernetes advises for `kubectl apply` ("Horizontal Pod Autoscaling", "Migrating Deployments and StatefulSets"). The last
 * one stays as it was, for the way back.
 */
async function handOverRecord(
  cluster: Cluster,
  { namespace, release }: ReleaseName,
  way: Applying["way"],
  scaled: readonly Scaled[],
  tell: (workload: Scaled) => void,
): Promise<number | undefined> {
  const revisions = await listRevisions(cluster, namespace, release);
  const [newest] = revisions;
  // An upgrade is compared with what was deployed last (helm pkg/action/upgrade.go), a rollback with what was tried last.
  const deployed = revisions.find(({ status }) => status === "deployed");
  const compared = (way === "upgrade" ? deployed : undefined) ?? newest;
  if (newest === undefined || compared === undefined) return undefined;
  const { manifest } = await readContentOf(cluster, namespace, release, compared.number);
  const without = await withoutNumbers(manifest, scaled, namespace);
  if (without.workloads.length === 0) return undefined;
  const number = newest.number + 1;
  const description = "The number of pods is left to the autoscaler";
  await restate(cluster, { namespace, release }, compared, { number, description, manifest: without.manifest });
  without.workloads.forEach(tell);
  return number;
}
