import { discover } from "../../core/discovery.ts";
import { readObjects } from "../../deploy/rendered/objects.ts";
import { findDrift } from "../../deploy/unchanged/drift.ts";
import type { Operation } from "../operation.ts";
import type { Finding } from "./lists.ts";

/** The objects that are not as the newest revision says: deleted, or changed by hand or by an operation. */
export async function driftOf({ cluster, application, revisions }: Operation): Promise<Finding> {
  const [newest] = revisions;
  if (newest === undefined) return { section: { name: "Drift", rows: [] }, wrong: [] };
  const objects = await readObjects(newest.words?.rendered ?? "");
  const { drifted, unknown } = await findDrift(cluster, await discover(cluster), objects, application);
  const rows = [
    ...drifted.map((object) => ({ object, state: `deleted or changed since revision ${newest.number}` })),
    ...unknown.map(({ name, why }) => ({ object: name, state: `not known: ${why}` })),
  ];
  return { section: { name: "Drift", rows }, wrong: [] };
}
