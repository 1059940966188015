import type { Cluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { type FoundRelease, findReleases, type KeptRelease, readContentOf } from "../deploy/releases/read.ts";
import { readObjects } from "../deploy/rendered/objects.ts";
import type { Application } from "../validate/application.ts";
import { nameInManifest } from "../validate/manifest.ts";
import { componentsAmong, namespacesOf } from "./components.ts";
import type { OperateInputs } from "./inputs.ts";

interface Asked {
  readonly inputs: Pick<OperateInputs, "operation" | "manifest" | "environment" | "release" | "namespace">;
  readonly context: Pick<Context, "workspace" | "runner" | "run">;
  readonly cluster: Pick<Cluster, "read">;
}

/** A release with what its newest revision is made of. */
type ReadRelease = FoundRelease & { readonly content: KeptRelease };

/**
 * The application of a release that is there, found without its manifest: people need a rollback most when the push that broke
 * the application broke its manifest, too. It is the one release of the environment that the inputs name, else that has the
 * manifest's name, as far as that can be made out, else that this repository deployed. Only its place and its workloads are
 * told here; the rest is read from its revision.
 *
 * @param broken why the manifest tells nothing.
 * @throws FairleadError the same with what to do, when no release or several could be meant.
 */
export async function runningApplication(broken: FairleadError, asked: Asked): Promise<Application> {
  const { inputs, context } = asked;
  const name = await nameInManifest(inputs.manifest, context);
  const found = await candidates(asked, name);
  const meant = found.filter((one) => isMeant(one, inputs, name));
  const [only, ...others] = meant;
  if (only === undefined || others.length > 0) throw undecided(broken, inputs, meant.length > 0 ? meant : found);
  const { release, namespace, newest } = only;
  const words = `${broken.message} It is left aside: ${inputs.operation} goes by revision ${newest} of the release ${release} in the namespace ${namespace}.`;
  context.runner.annotate("warning", words, "Manifest", broken.place);
  return await applicationOf(only, inputs.environment);
}

/** The releases of the environment that could be meant. */
async function candidates({ inputs, context, cluster }: Asked, name: string | undefined): Promise<ReadRelease[]> {
  const usual = inputs.release ?? (name === undefined ? undefined : `${inputs.environment}-${name}`);
  const everywhere = await findReleases(cluster, inputs).catch(async (thrown) => {
    const isForbidden = thrown instanceof FairleadError && thrown.code === "CLUSTER_FORBIDDEN";
    if (!isForbidden || inputs.namespace !== undefined) throw thrown;
    // Who may deploy into a namespace need not be allowed to look into all: the namespace has the name of the release by itself.
    return usual === undefined ? [] : await findReleases(cluster, { namespace: usual, release: usual });
  });
  const possible = everywhere.filter(
    ({ release, repository }) =>
      inputs.release !== undefined || release === usual || repository === context.run.repository,
  );
  const read = await Promise.all(
    possible.map(async (one) => {
      const content = await readContentOf(cluster, one.namespace, one.release, one.newest);
      return { ...one, content };
    }),
  );
  return read.filter(({ content }) => [inputs.environment, undefined].includes(valuesOf(content).environment));
}

/** What cannot be undone needs more than the repository, which may have several applications. */
function isMeant({ content }: ReadRelease, { release, operation }: Asked["inputs"], name: string | undefined): boolean {
  if (release !== undefined) return true;
  const { environment, metadata } = valuesOf(content);
  if (environment === undefined) return false;
  return name === undefined ? operation !== "remove" : metadata?.name === name;
}

/** The part of a release's values that says what it is of; nothing of it is there in a release without a manifest. */
interface KeptValues {
  readonly environment?: string;
  readonly metadata?: { readonly name?: string };
}

function valuesOf({ values }: KeptRelease): KeptValues {
  return (values ?? {}) as KeptValues;
}

function undecided(
  broken: FairleadError,
  { environment, release }: Asked["inputs"],
  found: readonly FoundRelease[],
): FairleadError {
  const { code, message, place, details = "" } = broken;
  const known = found.map((one) => `${one.release} in ${one.namespace}`).join(", ");
  const which =
    release === undefined ? `which release of ${environment} is meant` : `where ${release} of ${environment} is`;
  const there = known === "" ? "" : ` There is ${known}.`;
  return new FairleadError({
    ...{ code, details, cause: broken.cause, ...(place === undefined ? {} : { place }) },
    message: `${message} Without it, it is not clear ${which}.${there}`,
    fix: "Give `release` (and `namespace`, where that has another name), or mend the manifest.",
  });
}

/** As much of an application as its objects tell. */
async function applicationOf({ release, namespace, content }: ReadRelease, environment: string): Promise<Application> {
  const objects = await readObjects(content.rendered);
  return {
    ...{ name: valuesOf(content).metadata?.name ?? release, environment, release, namespace },
    ...{ podSecurity: "restricted", namespaces: namespacesOf(objects, namespace) },
    components: componentsAmong(objects, namespace),
    ...{ deploy: {}, url: "", addresses: [], ingress: [], secrets: {}, config: {}, manifests: {}, pullSecret: "" },
    ...{ verify: {}, hints: {} },
    cluster: { registry: "", infisical: { url: "", project: "", path: "", environment: "" }, tailnet: {} },
  };
}
