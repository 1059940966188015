import { discover } from "../../core/discovery.ts";
import { readManifestOf } from "../../deploy/releases.ts";
import { readObjects } from "../../deploy/rendered/objects.ts";
import { findDrift } from "../../deploy/unchanged/drift.ts";
import type { Operation } from "../operation.ts";
import type { Finding } from "./lists.ts";

/** The objects that are not as the newest revision says: deleted, or changed by hand or by an operation. */
export async function driftOf({ cluster, application, revisions }: Operation): Promise<Finding> {
  const { namespace, release } = application;
  const [newest] = revisions;
  if (newest === undefined) return { section: { name: "Drift", rows: [] }, wrong: [] };
  const [resources, manifest] = await Promise.all([
    discover(cluster),
    readManifestOf(cluster, namespace, release, newest.number),
  ]);
  const drifted = await findDrift(cluster, resources, await readObjects(manifest), application);
  const rows = drifted.map((object) => ({
    object,
    "what it means": `not as revision ${newest.number} says; the next deploy puts it right`,
  }));
  return { section: { name: "Drift", rows }, wrong: [] };
}
