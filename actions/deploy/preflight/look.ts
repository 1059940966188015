import { FairleadError } from "../../core/errors.ts";
import { ensureNamespaces } from "../namespace.ts";
import { listRevisions } from "../releases/read.ts";
import { baselineOf } from "../releases/revision.ts";
import { readObjects } from "../rendered/objects.ts";
import type { Deploy } from "../rollout.ts";
import { checkPermissions, labelling, type Need } from "./permissions.ts";
import { obstacleError, preflight } from "./preflight.ts";

/**
 * Makes the namespaces, and looks at everything else that can be known before a release is touched.
 *
 * @throws FairleadError as {@link preflight}; where the first calls are forbidden, with all that is missing beside them.
 */
export async function lookFirst(deploy: Deploy): Promise<void> {
  const { cluster, application, journal } = deploy;
  const { namespace, release } = application;
  const [listed, made] = await Promise.allSettled([
    listRevisions(cluster, namespace, release),
    ensureNamespaces(cluster, application),
  ]);
  const revisions = listed.status === "fulfilled" ? listed.value : [];
  journal.learn({ previousRevision: baselineOf(revisions)?.number ?? 0 });
  if (made.status === "rejected") throw await allForbidden(deploy, made.reason, labelling);
  if (listed.status === "rejected") throw await allForbidden(deploy, listed.reason, []);
  await preflight(deploy, revisions[0]);
}

/** All permissions that are missing, in place of the first call that was forbidden; anything else as it is. */
async function allForbidden(deploy: Deploy, thrown: unknown, more: readonly Need[]): Promise<unknown> {
  if (!(thrown instanceof FairleadError) || thrown.code !== "CLUSTER_FORBIDDEN") return thrown;
  const objects = await readObjects(deploy.rendered);
  const missing = await checkPermissions(deploy, objects, more);
  return missing.length === 0 ? thrown : obstacleError(missing, deploy.context.masker.redact, {});
}
