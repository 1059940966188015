import { listRevisions } from "../deploy/releases/read.ts";
import type { Revision } from "../deploy/releases/revision.ts";
import { contentOf, type Operation } from "./operation.ts";
import type { Section } from "./outcome.ts";

/** The revisions of a release as people read them, newest first. */
export async function historyOf(operation: Pick<Operation, "cluster" | "application" | "revisions">): Promise<Section> {
  const rows = await Promise.all(
    operation.revisions.map(async (revision) => {
      const { number, status, verified, createdAt } = revision;
      const content = await contentOf(operation, revision);
      return {
        revision: String(number),
        status,
        healthy: verified ? "yes" : "not seen",
        made: new Date(createdAt).toISOString().replace(/\.\d+Z$/, "Z"),
        // Of one that a deploy made: its commit and its run.
        description: content?.description ?? "",
      };
    }),
  );
  return { name: "Revisions", rows };
}

/** The same release a moment later. */
export async function refreshed<T extends Operation>(operation: T): Promise<T> {
  const { cluster, application } = operation;
  return { ...operation, revisions: await listRevisions(cluster, application.namespace, application.release) };
}

/** The number of the revision that is there, 0 for none. */
export function newestOf({ revisions }: { readonly revisions: readonly Revision[] }): number {
  return revisions[0]?.number ?? 0;
}
