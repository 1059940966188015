import { availableParallelism } from "node:os";
import { FairleadError } from "../core/errors.ts";
import type { Helm } from "../core/helm.ts";
import { mapSome } from "../core/map-some.ts";
import { checkManifest } from "./check.ts";
import { type Manifest, openManifest } from "./manifest.ts";
import { fileProblem, mergeProblems, type Problem } from "./problem.ts";
import { resolveChecked, type Source } from "./resolve.ts";
import { openJudge } from "./schema.ts";

/** What manifests are checked against. */
export interface Rules {
  /** Folder of the chart. */
  readonly chart: string;
  /** File with the top-level key `cluster`. */
  readonly clusterFile?: string;
  /** Environments to check; all that a manifest declares if left out. */
  readonly environments?: readonly string[];
  /** False: the manifests are checked by themselves only, without Helm. */
  readonly render?: boolean;
}

/**
 * Checks manifests in all their environments and gives every problem of all of them, first to last. A manifest is
 * rendered only when nothing is wrong with it by itself.
 *
 * @param openHelm called once, when the first manifest is to be rendered.
 */
export async function validateFiles(
  files: readonly string[],
  rules: Rules,
  workspace: string,
  openHelm: () => Promise<Helm>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const sound: Manifest[] = [];
  const judge = openJudge(rules.chart);
  for (const file of files) {
    const opened = await openManifest(file, workspace);
    const own = opened.manifest === undefined ? [] : await checkManifest(opened.manifest, judge);
    problems.push(...opened.problems, ...own);
    if (opened.manifest !== undefined && opened.problems.length + own.length === 0) sound.push(opened.manifest);
  }
  if (sound.length > 0 && rules.render !== false) problems.push(...(await renderAll(sound, rules, await openHelm())));
  return mergeProblems(problems);
}

async function renderAll(manifests: readonly Manifest[], rules: Rules, helm: Helm): Promise<Problem[]> {
  const { chart, clusterFile } = rules;
  const renders = manifests.flatMap((manifest) => {
    const source = { manifest, chart, ...(clusterFile === undefined ? {} : { clusterFile }) };
    return environmentsOf(manifest, rules).map((environment) => ({ source, environment }));
  });
  const found = await mapSome(renders, availableParallelism(), async ({ source, environment }) => {
    // A pattern such as pr-* stands for many environments; one of them shows what is wrong with all.
    const problems = await render(source, environment.replaceAll("*", "1"), helm);
    return problems.map((problem) => ({ ...problem, environment }));
  });
  return found.flat();
}

/** A manifest that Helm itself refuses must not keep the others from being checked. */
async function render(source: Source, environment: string, helm: Helm): Promise<readonly Problem[]> {
  try {
    return (await resolveChecked(source, environment, {}, helm)).problems;
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") throw thrown;
    return [fileProblem(source.manifest.file, "APP_RENDER_FAILED", thrown.message, thrown.fix ?? "")];
  }
}

/** The environments to render; without any, the manifest is resolved once by itself. */
function environmentsOf({ content }: Manifest, { environments }: Rules): readonly string[] {
  const declared = Object.keys((content as { environments?: object | null }).environments ?? {});
  const chosen = environments ?? declared;
  return chosen.length > 0 ? chosen : [""];
}
