import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import { FairleadError } from "../../core/errors.ts";
import { bundledChart, type Helm, openHelm } from "../../core/helm.ts";
import type { DeployRule } from "../../validate/application.ts";
import { renderBatches } from "../../validate/batch.ts";
import { openManifest } from "../../validate/manifest.ts";
import { clusterOf, resolveChecked, type Source } from "../../validate/resolve.ts";

/** Where the manifest of an app lies. */
export const manifestFile = ".deploy/manifest.yaml";

/** What a manifest says about its environments. */
export interface Declared {
  readonly environments: Readonly<Record<string, Environment>>;
}

/** One environment. */
export interface Environment {
  /** Which push deploys it; none, or a rule without a branch and a tag, when only its name does. */
  readonly deploy?: DeployRule | undefined;
  /** Where Helm keeps its release; told when it was asked for. */
  readonly release?: { readonly name: string; readonly namespace: string } | undefined;
}

/**
 * Reads manifests, by the repository that holds them. One that cannot be read is an error in the answer.
 *
 * @param releases whether the names of releases are wanted too.
 */
export type ReadManifests = (
  texts: ReadonlyMap<string, string>,
  releases: boolean,
) => Promise<ReadonlyMap<string, Declared | FairleadError>>;

/** What manifests are read with: a file with the key `cluster`, and the server that Helm is downloaded from. */
export interface ReaderOptions {
  readonly cluster: string | undefined;
  readonly toolMirror: string | undefined;
}

/** Reads manifests as a deploy does: the chart resolves them, many in one process. */
export function chartReader(context: Context, { cluster, toolMirror }: ReaderOptions): ReadManifests {
  return async (texts, releases) => {
    if (texts.size === 0) return new Map();
    const team = await clusterOf(cluster, context);
    const folder = await mkdtemp(join(context.folder, "manifests-"));
    try {
      const helm = await openHelm(context, toolMirror === undefined ? {} : { mirror: toolMirror });
      const read = await Promise.all(
        [...texts].map(async ([repository, text]) => [repository, await open(folder, repository, text)] as const),
      );
      const sources = new Map<string, Source>();
      const answers = new Map<string, Declared | FairleadError>();
      for (const [repository, manifest] of read) {
        if (manifest instanceof FairleadError) answers.set(repository, manifest);
        else {
          sources.set(repository, { manifest, chart: bundledChart(), ...team });
        }
      }
      for (const [repository, declared] of await declarations(sources, helm)) answers.set(repository, declared);
      return releases ? await withReleases(answers, sources, helm) : answers;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

async function open(folder: string, repository: string, text: string) {
  const workspace = join(folder, repository);
  await mkdir(join(workspace, ".deploy"), { recursive: true });
  await writeFile(join(workspace, manifestFile), text);
  // Files that the manifest names are not there; nothing that is asked here depends on them.
  const { manifest, problems } = await openManifest(manifestFile, workspace);
  if (manifest !== undefined) return manifest;
  const why = problems.map(({ message }) => message).join("; ");
  return invalid(`The manifest of ${repository} cannot be read: ${why}.`);
}

interface Wanted {
  readonly repository: string;
  readonly source: Source;
  readonly environment: string;
}

/** What the chart makes of manifests in environments; what could not be rendered together is resolved by itself. */
async function resolveAll<T>(wanted: readonly Wanted[], helm: Helm): Promise<Map<Wanted, T | FairleadError>> {
  const made = await renderBatches(wanted, helm);
  const resolved = new Map<Wanted, T | FairleadError>();
  for (const one of wanted) {
    const { source, environment, repository } = one;
    const together = made.get(one)?.resolved.application as T | undefined;
    const failed = (thrown: unknown) => {
      if (thrown instanceof FairleadError)
        return invalid(`The manifest of ${repository} is not valid: ${thrown.message}`);
      throw thrown;
    };
    const alone = async () => (await resolveChecked<T>(source, environment, {}, helm)).application;
    resolved.set(
      one,
      together ?? (await alone().catch(failed)) ?? invalid(`The chart resolves nothing of ${repository}.`),
    );
  }
  return resolved;
}

type Resolved = { readonly environments: Readonly<Record<string, { readonly deploy?: DeployRule }>> };

async function declarations(sources: ReadonlyMap<string, Source>, helm: Helm) {
  const wanted = [...sources].map(([repository, source]) => ({ repository, source, environment: "" }));
  const resolved = await resolveAll<Resolved>(wanted, helm);
  return [...resolved].map(([{ repository }, one]): [string, Declared | FairleadError] => [
    repository,
    one instanceof FairleadError ? one : { environments: one.environments },
  ]);
}

async function withReleases(
  answers: ReadonlyMap<string, Declared | FairleadError>,
  sources: ReadonlyMap<string, Source>,
  helm: Helm,
): Promise<Map<string, Declared | FairleadError>> {
  const wanted = [...answers].flatMap(([repository, declared]) => {
    const source = sources.get(repository);
    if (source === undefined || declared instanceof FairleadError) return [];
    return Object.entries(declared.environments)
      .filter(([, { deploy }]) => deploy !== undefined)
      .map(([environment]) => ({ repository, source, environment }));
  });
  const resolved = await resolveAll<{ release: string; namespace: string }>(wanted, helm);
  const complete = new Map(answers);
  for (const [{ repository, environment }, one] of resolved) {
    const declared = complete.get(repository);
    if (declared === undefined || declared instanceof FairleadError) continue;
    if (one instanceof FairleadError) complete.set(repository, one);
    else {
      const release = { name: one.release, namespace: one.namespace };
      const environments = {
        ...declared.environments,
        [environment]: { ...declared.environments[environment], release },
      };
      complete.set(repository, { environments });
    }
  }
  return complete;
}

function invalid(message: string): FairleadError {
  return new FairleadError({ code: "MANIFEST_INVALID", message, fix: "Run `fairlead validate` in the repository." });
}
