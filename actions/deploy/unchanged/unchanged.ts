import { isDeepStrictEqual } from "node:util";
import type { Revision } from "../releases/revision.ts";
import { isMadeAnew, type RenderedObject, readObjects } from "../rendered/objects.ts";
import type { Deploy } from "../rollout.ts";
import type { Store } from "../tracking/store.ts";
import { workloadKinds, workloadsOf } from "../tracking/workloads.ts";
import { findDrift } from "./drift.ts";

/**
 * Whether the newest revision is the verified one, holds the same objects with the same images, all its workloads are
 * healthy, and nobody has changed or deleted one of its objects since. A hook runs on every deploy, and so does a Job that
 * says so, so with one there is always something to do.
 */
export async function isUnchanged(deploy: Deploy, newest: Revision | undefined, store: Store): Promise<boolean> {
  if (newest === undefined || !newest.verified || newest.status !== "deployed") return false;
  const { cluster, known, application, rendered, context } = deploy;
  const { namespace, release } = application;
  const objects = await readObjects(rendered);
  if (objects.some((object) => isMadeAnew(object, application))) return false;
  const before = await readObjects(newest.words?.rendered ?? "");
  if (!isDeepStrictEqual(byName(before), byName(objects))) return false;
  const workloads = workloadsOf(store.snapshot());
  const healthy = objects.filter(isWorkload).every(({ kind, metadata }) => {
    const place = metadata?.namespace ?? namespace;
    const seen = workloads.find((one) => one.kind === kind && one.name === metadata?.name && one.namespace === place);
    return seen !== undefined && seen.unfinished === undefined;
  });
  if (!healthy) return false;
  const { resources } = await known;
  const { drifted, unknown } = await findDrift(cluster, resources, objects, { release, namespace });
  const { info } = context.runner;
  if (drifted.length > 0) info(`Changed since it was deployed, and now put right: ${drifted.join(", ")}`);
  for (const { name, why } of unknown) info(`Applied again, since it could not be compared: ${name} (${why})`);
  return drifted.length === 0 && unknown.length === 0;
}

function isWorkload({ kind }: RenderedObject): boolean {
  return (workloadKinds as readonly string[]).includes(kind);
}

function byName(objects: Awaited<ReturnType<typeof readObjects>>): Record<string, unknown> {
  const entries = objects.map((object) => {
    const { apiVersion, kind, metadata } = object;
    return [`${apiVersion} ${kind} ${metadata?.namespace ?? ""}/${metadata?.name}`, object] as const;
  });
  return Object.fromEntries(entries);
}
