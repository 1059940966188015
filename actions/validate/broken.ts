import { FairleadError } from "../core/errors.ts";
import type { Helm } from "../core/helm.ts";
import type { Remarks } from "./application.ts";
import { renderBatches, type Wanted } from "./batch.ts";
import type { Manifest } from "./manifest.ts";
import { mend } from "./mend.ts";
import { patched } from "./merge-patch.ts";
import type { Problem } from "./problem.ts";
import { locateRules, type Source } from "./resolve.ts";
import type { Judge } from "./schema.ts";

/** What of a source all manifests share. */
type Shared = Omit<Source, "manifest">;

/** A manifest that has problems of its own. */
export interface Broken {
  readonly manifest: Manifest;
  readonly problems: readonly Problem[];
}

/** A manifest that was mended, in one of its environments. */
interface Attempt extends Wanted {
  /** Paths of what is wrong by itself, and of what was taken out. */
  readonly settled: readonly string[];
  /** As the manifest declares it. */
  readonly declared: string;
}

/**
 * The rules of the chart that manifests break which have problems of their own: as far as they can be mended, so that one
 * typing error does not hide all else. Where Helm is missing or refuses what was mended, nothing is added.
 *
 * @param environmentsOf gives those to look at, each as it is declared and as it is resolved.
 */
export async function brokenRules(
  manifests: readonly Broken[],
  shared: Shared,
  judge: Judge,
  environmentsOf: (manifest: Manifest) => readonly (readonly [declared: string, environment: string])[],
  openHelm: () => Promise<Helm>,
): Promise<Problem[]> {
  const attempts: Attempt[] = [];
  for (const { manifest, problems } of manifests) {
    const mended = await mend(patched(manifest.content, manifest.overlay ?? {}), judge);
    if (mended === undefined) continue;
    const { overlay, ...rest } = manifest;
    // As it was mended, and as Helm is to read it, it is in no file.
    const source = { ...shared, manifest: { ...rest, content: mended.content, plain: true } };
    const removed = mended.removed.map((keys) => keys.join("."));
    const settled = [...problems.map(({ path }) => path), ...removed].filter((path) => path !== "");
    for (const [declared, environment] of environmentsOf(source.manifest)) {
      attempts.push({ source, declared, environment, settled });
    }
  }
  if (attempts.length === 0) return [];
  try {
    const made = await renderBatches(attempts, await openHelm(), 1);
    const found = [...made].map(([attempt, { resolved }]) => rulesOf(attempt, resolved));
    return (await Promise.all(found)).flat();
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "TOOL_MISSING") throw thrown;
    return [];
  }
}

async function rulesOf(
  { source, declared, environment, settled }: Attempt,
  resolved: Parameters<typeof locateRules<Remarks>>[0],
): Promise<Problem[]> {
  const { problems } = await locateRules<Remarks>(resolved, source, environment);
  // Of these enough is said.
  const told = problems.filter(({ path }) => !settled.some((other) => isWithin(path, other) || isWithin(other, path)));
  return told.map((problem) => ({ ...problem, environment: declared }));
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`);
}
