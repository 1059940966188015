import { readObjects } from "../rendered/objects.ts";
import { keyOf, placeOf, type Scaled } from "./scaled.ts";

/**
 * The objects of a revision without the number of pods of these workloads, all else as it is, and those among the workloads
 * that had one.
 *
 * @param namespace of objects that name none.
 */
export async function withoutNumbers(
  manifest: string,
  workloads: readonly Scaled[],
  namespace: string,
): Promise<{ readonly manifest: string; readonly workloads: readonly Scaled[] }> {
  const { parseDocument } = await import("yaml");
  const wanted = new Set(workloads.map(keyOf));
  const found: Scaled[] = [];
  const parts = await Promise.all(
    manifest.split(/^(?=---$)/m).map(async (part) => {
      const [object] = await readObjects(part);
      if (object?.spec?.["replicas"] === undefined) return part;
      const workload = placeOf(object, namespace);
      if (!wanted.has(keyOf(workload))) return part;
      found.push(workload);
      const document = parseDocument(part);
      document.deleteIn(["spec", "replicas"]);
      return document.toString({ lineWidth: 0 });
    }),
  );
  return { manifest: parts.join(""), workloads: found };
}
