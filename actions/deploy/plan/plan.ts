import { type Cluster, statusOf } from "../../core/cluster.ts";
import { preflight } from "../preflight/preflight.ts";
import { baselineOf, listRevisions } from "../releases.ts";
import { changesSince } from "../report/since.ts";
import type { Deploy } from "../rollout.ts";
import type { Deployed } from "../run.ts";
import { splitUnbuilt } from "./unbuilt.ts";

/**
 * What a deploy would do: everything is looked at as before a deploy, and compared with what is live, but nothing is made,
 * no namespace, no lock, no Secret and no image either.
 *
 * @throws FairleadError for everything that would keep the deploy from going well.
 */
export async function plan(deploy: Deploy): Promise<Deployed> {
  const { cluster, application, journal, context } = deploy;
  const { url, release, namespace, namespaces } = application;
  const [revisions, absent] = await Promise.all([
    listRevisions(cluster, namespace, release),
    absentOf(cluster, Object.keys(namespaces)),
  ]);
  if (absent.length > 0) {
    const message = `What the API server says was not asked for, because ${absent.join(", ")} is not there yet.`;
    context.runner.annotate("notice", message, "Dry run");
  }
  const live = revisions.find(({ status }) => status === "deployed") ?? baselineOf(revisions);
  const revision = live?.number ?? 0;
  const { built, unbuilt } = splitUnbuilt(application, deploy.inputs.images);
  if (unbuilt.length > 0) {
    const message = `A dry run builds no image, so that of ${unbuilt.join(", ")} is neither checked nor compared.`;
    context.runner.annotate("notice", message, "Dry run");
  }
  journal.learn({ previousRevision: revision, changes: changesSince(deploy, live?.number, unbuilt) });
  await journal.stage("preflight", () => preflight({ ...deploy, application: built }, revisions[0], absent));
  return { url, release, namespace, revision, previousRevision: revision, status: "planned", reason: "" };
}

/** The namespaces that are not there; one that may not be read is taken to be. */
async function absentOf({ ask, core }: Cluster, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        await ask(() => core.readNamespace({ name }));
        return [];
      } catch (thrown) {
        if (statusOf((thrown as Error).cause) === 403) return [];
        if (statusOf((thrown as Error).cause) === 404) return [name];
        throw thrown;
      }
    }),
  );
  return found.flat();
}
