import { type Cluster, statusOf } from "../../core/cluster.ts";
import { renderObjects } from "../../validate/resolve.ts";
import type { Deployed } from "../deployed.ts";
import { preflight } from "../preflight/preflight.ts";
import { listRevisions, readContentOf } from "../releases/read.ts";
import { baselineOf } from "../releases/revision.ts";
import { readObjects } from "../rendered/objects.ts";
import { changesSince } from "../report/since.ts";
import type { Deploy } from "../rollout.ts";

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
  const [planned, unknown] = await withLiveImages(deploy, revision);
  journal.learn({ previousRevision: revision, changes: changesSince(planned, live?.number) });
  await journal.stage("preflight", () => preflight(planned, revisions[0], { absent, unbuilt: unknown }));
  return { url, release, namespace, revision, previousRevision: revision, status: "planned", reason: "" };
}

/**
 * The deploy with the images that are live for those that it would build first, and the images that stay unknown, because
 * nothing of their component is live yet.
 */
async function withLiveImages(deploy: Deploy, revision: number): Promise<readonly [Deploy, readonly string[]]> {
  const { cluster, application, source, helm, values, inputs, context } = deploy;
  const { namespace, release } = application;
  const unbuilt = Object.entries(application.components).filter(
    ([name, { build }]) => build !== undefined && !(name in inputs.images),
  );
  if (unbuilt.length === 0) return [deploy, []];
  const names = unbuilt.map(([name]) => name).join(", ");
  context.runner.annotate("notice", `A dry run builds no image, so that of ${names} is left as it is.`, "Dry run");
  const { imageIn } = await import("../report/changes.ts");
  const content = revision === 0 ? undefined : await readContentOf(cluster, namespace, release, revision);
  const objects = await readObjects(content?.rendered ?? "");
  const found = unbuilt.map(([name, component]) => ({ name, component, image: imageIn(objects, component) }));
  const known = found.flatMap(({ name, image }) => (image === undefined ? [] : [[name, image] as const]));
  const images = { ...inputs.images, ...Object.fromEntries(known) };
  const rendered = await renderObjects(source, inputs.environment, helm, { ...values, "deploy.images": images });
  const unknown = found.filter(({ image }) => image === undefined).map(({ component }) => component.image);
  return [{ ...deploy, rendered }, unknown];
}

/** The namespaces that are not there; one that may not be read is taken to be. */
async function absentOf(cluster: Cluster, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        await cluster.read({ path: `/api/v1/namespaces/${name}` });
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
