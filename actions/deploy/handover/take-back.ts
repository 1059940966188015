import { type Cluster, unless } from "../../core/cluster.ts";
import type { RevisionWords } from "../releases/revision.ts";
import { type RenderedObject, readObjects } from "../rendered/objects.ts";
import { owned, type ReleaseName } from "../unchanged/drift.ts";
import { autoscalerKind, keyOf, pathOf, placeOf, scaledIn, targetsIn } from "./scaled.ts";

/** What Helm has applied. */
export interface Applied extends Pick<RevisionWords, "rendered" | "applyMethod"> {
  /** The objects of the release before, as they were rendered. */
  readonly before: string | undefined;
}

/**
 * Sets the number of pods of a manifest again where the autoscaler before it had the last word: Helm deletes what is gone
 * after it has applied the rest (helm pkg/kube/client.go, `update`), and an autoscaler that looks in between raises a number
 * below its least. To be called when Helm has ended. Where there was no autoscaler nothing is asked.
 *
 * @param say told of each workload whose number was set again.
 * @throws FairleadError of the cluster client.
 */
export async function takeBack(
  cluster: Pick<Cluster, "ask" | "send">,
  release: ReleaseName,
  { before = "", rendered, applyMethod }: Applied,
  say: (line: string) => void,
): Promise<void> {
  if (!before.includes(autoscalerKind)) return;
  const { namespace } = release;
  const [old, objects] = await Promise.all([readObjects(before), readObjects(rendered)]);
  const scaled = targetsIn(objects, namespace);
  const freed = new Set(scaledIn(old, namespace).map(keyOf));
  const numbered = objects.filter((object) => {
    const key = keyOf(placeOf(object, namespace));
    return freed.has(key) && !scaled.has(key) && object.spec?.["replicas"] !== undefined;
  });
  await Promise.all(
    numbered.map(async (object) => {
      const found = await setAgain(cluster, release, object, applyMethod);
      if (found === undefined) return;
      const { kind, name } = placeOf(object, namespace);
      say(
        `${kind} ${name} gets its number of pods again, ${object.spec?.["replicas"]}: its autoscaler had made it ${found}`,
      );
    }),
  );
}

/**
 * Sets the number of pods of a workload again as Helm did: a server-side apply of the whole object takes the number from the
 * autoscaler, who would else own it and be in the way of the next one; part of the object would give up all the rest of it.
 *
 * @returns the number that was found, if it was another.
 */
async function setAgain(
  cluster: Pick<Cluster, "ask" | "send">,
  release: ReleaseName,
  object: RenderedObject,
  applyMethod: Applied["applyMethod"],
): Promise<number | undefined> {
  const path = pathOf(placeOf(object, release.namespace));
  const replicas = object.spec?.["replicas"];
  type Live = { readonly spec: { readonly replicas: number } };
  const live = await cluster.ask(() => unless([404], () => cluster.send<Live>({ path })));
  if (live === undefined || live.spec.replicas === replicas) return undefined;
  const patch =
    applyMethod === "csa"
      ? { query: {}, contentType: "application/merge-patch+json", body: { spec: { replicas } } }
      : { query: { force: "true" }, contentType: "application/apply-patch+yaml", body: owned(object, release) };
  const query = { fieldManager: "helm", ...patch.query };
  await cluster.ask(() => cluster.send({ ...patch, method: "PATCH", path, query }));
  return live.spec.replicas;
}
