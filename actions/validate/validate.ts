import { availableParallelism } from "node:os";
import { matchesGlob } from "node:path";
import { FairleadError } from "../core/errors.ts";
import type { Helm } from "../core/helm.ts";
import { mapSome } from "../core/map-some.ts";
import type { Made, Wanted } from "./batch.ts";
import type { Broken } from "./broken.ts";
import { checkManifest } from "./check.ts";
import { checkClusterFile } from "./cluster-file.ts";
import { helmRefusal } from "./helm-reader.ts";
import { locate, type Manifest, openManifest } from "./manifest.ts";
import { findNearNames } from "./near-names.ts";
import type { objectChecker } from "./objects.ts";
import { isBrought, type Origins, originFinder } from "./origin.ts";
import { fileProblem, mergeProblems, type Problem } from "./problem.ts";
import { type Drawn, drawChecked, locateRules, resolveChecked, type Source } from "./resolve.ts";
import { type Judge, openJudge } from "./schema.ts";
import { templateFault } from "./template-fault.ts";

/** What manifests are checked against. */
export interface Rules {
  /** Folder of the chart. */
  readonly chart: string;
  /** File with the top-level key `cluster`. */
  readonly clusterFile?: string;
  /** Environments to check; all that a manifest declares if left out. */
  readonly environments?: readonly string[];
  /** One of the `kubernetesVersions`; the usual one if left out. */
  readonly kubernetesVersion?: string;
  /** False: the manifests are checked by themselves only, without Helm. */
  readonly render?: boolean;
}

/** What was found wrong, and what could not be checked. */
export interface Verdict {
  readonly problems: readonly Problem[];
  /** What is no problem, and worth a look: warnings, and notices with the code APP_NOTICE. */
  readonly remarks: readonly Problem[];
  /** Kinds of rendered objects whose schema is not known here, as `apiVersion kind`. */
  readonly unchecked: readonly string[];
  /** What was rendered of the manifests that have no problem. */
  readonly rendered: readonly Rendered[];
}

/** The objects of a manifest in one environment. */
export interface Rendered {
  readonly manifest: Manifest;
  /** As the manifest declares it, which may be a pattern. */
  readonly environment: string;
  /** As Helm gives them. */
  readonly objects: string;
}

/**
 * Checks manifests in all their environments and gives every problem of all of them, first to last. A manifest is
 * rendered only when nothing is wrong with it by itself or with the cluster file, and its objects are checked when the
 * chart finds nothing wrong. The rules of the chart are asked about the others too, as far as they can be mended.
 *
 * @param openHelm called when manifests are to be rendered, sound ones and then others; gives the same Helm each time.
 */
export async function validateFiles(
  files: readonly string[],
  rules: Rules,
  workspace: string,
  openHelm: () => Promise<Helm>,
): Promise<Verdict> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const sound: Manifest[] = [];
  const broken: Broken[] = [];
  const judge = openJudge(rules.chart);
  for (const file of files) {
    const opened = await openManifest(file, workspace);
    const own = opened.manifest === undefined ? [] : await checkManifest(opened.manifest, judge);
    problems.push(...opened.problems, ...own);
    if (opened.manifest !== undefined) {
      const found = [...opened.problems, ...own];
      if (found.length === 0) sound.push(opened.manifest);
      else broken.push({ manifest: opened.manifest, problems: found });
      warnings.push(...(await locate(opened.manifest, findNearNames(opened.manifest.content))));
    }
  }
  const { chart, clusterFile, render = true } = rules;
  const ofCluster = clusterFile === undefined ? [] : await checkClusterFile(clusterFile, chart, workspace);
  problems.push(...ofCluster);
  const renders = render && ofCluster.length === 0;
  const rendered = renders && sound.length > 0 ? await renderAll(sound, rules, await openHelm()) : [];
  if (renders && broken.length > 0) problems.push(...(await rulesBeside(broken, rules, judge, openHelm)));
  return {
    problems: mergeProblems([...problems, ...rendered.flatMap((verdict) => verdict.problems)]),
    remarks: mergeProblems([...warnings, ...rendered.flatMap(({ remarks }) => remarks)]),
    unchecked: [...new Set(rendered.flatMap(({ unchecked }) => unchecked))].sort(),
    rendered: rendered.flatMap((verdict) => verdict.rendered),
  };
}

/** The rules of the chart that are broken beside what is wrong with manifests by themselves. */
async function rulesBeside(
  manifests: readonly Broken[],
  rules: Rules,
  judge: Judge,
  openHelm: () => Promise<Helm>,
): Promise<Problem[]> {
  const { brokenRules } = await import("./broken.ts");
  const environments = (manifest: Manifest) =>
    environmentsOf(manifest, rules).map((declared) => [declared, exampleOf(declared)] as const);
  return await brokenRules(manifests, sharedBy(rules), judge, environments, openHelm);
}

function sharedBy({ chart, clusterFile }: Rules): Omit<Source, "manifest"> {
  return { chart, ...(clusterFile === undefined ? {} : { clusterFile }) };
}

async function renderAll(manifests: readonly Manifest[], rules: Rules, helm: Helm): Promise<Verdict[]> {
  const { objectChecker } = await import("./objects.ts");
  const checkObjects = objectChecker(rules.kubernetesVersion);
  const renders = manifests.flatMap((manifest) => {
    const source = { manifest, ...sharedBy(rules) };
    return environmentsOf(manifest, rules).map((declared) => ({ source, declared, environment: exampleOf(declared) }));
  });
  const { renderBatches } = await import("./batch.ts");
  const made = await renderBatches(renders, helm);
  return await mapSome(renders, availableParallelism(), (wanted) =>
    render(wanted, made.get(wanted), helm, checkObjects),
  );
}

async function drawn(source: Source, environment: string, made: Made | undefined, helm: Helm): Promise<Drawn<Origins>> {
  if (made !== undefined) {
    return { ...(await locateRules<Origins>(made.resolved, source, environment)), objects: made.objects };
  }
  if (environment !== "") return await drawChecked<Origins>(source, environment, {}, helm);
  return { ...(await resolveChecked<Origins>(source, environment, {}, helm)), objects: "" };
}

/** @param made what was made of it together with others, if it was. */
async function render(
  { source, declared: environment, environment: chosen }: Wanted & { readonly declared: string },
  made: Made | undefined,
  helm: Helm,
  checkObjects: ReturnType<typeof objectChecker>,
): Promise<Verdict> {
  try {
    const asDeclared = (found: readonly Problem[]) => found.map((problem) => ({ ...problem, environment }));
    const resolution = await drawn(source, chosen, made, helm);
    const problems = asDeclared(resolution.problems);
    const remarks = asDeclared(resolution.remarks);
    const { application } = resolution;
    if (problems.length > 0 || chosen === "" || application === undefined) {
      return { problems, remarks, unchecked: [], rendered: [] };
    }
    const { objects } = resolution;
    const { mistakes, unknown } = checkObjects(objects);
    const origin = originFinder(application, source.manifest.content, environment);
    const findings = mistakes
      // What a manifest brings as it is may stand in front of pods that are not its own.
      .filter(({ code, object }) => code !== "APP_SERVICE_NO_POD" || !isBrought(application, object))
      .map((mistake) => ({ ...mistake, keys: origin(mistake.object, mistake.keys) }));
    const rendered = findings.length > 0 ? [] : [{ manifest: source.manifest, environment, objects }];
    return { problems: await locate(source.manifest, findings, environment), remarks, unchecked: unknown, rendered };
  } catch (thrown) {
    // A manifest that Helm itself refuses must not keep the others from being checked.
    if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") throw thrown;
    const refused = helmRefusal(thrown, source.manifest.file);
    if (refused !== undefined) return { problems: [refused], remarks: [], unchecked: [], rendered: [] };
    const fault = templateFault(thrown.message, source.manifest.content, environment);
    const problem = fileProblem(source.manifest.file, "APP_RENDER_FAILED", thrown.message, thrown.fix ?? "");
    const problems =
      fault === undefined ? [{ ...problem, environment }] : await locate(source.manifest, [fault], environment);
    return { problems, remarks: [], unchecked: [], rendered: [] };
  }
}

/** A pattern such as pr-* stands for many environments; one of them shows what is true of all. */
export function exampleOf(environment: string): string {
  return environment.replaceAll("*", "1");
}

/** The environments that a manifest declares. */
export function declaredIn({ content }: Pick<Manifest, "content">): string[] {
  return Object.keys((content as { environments?: object | null }).environments ?? {});
}

/** Whether a manifest declares an environment, by its name or by a pattern such as pr-*. */
export function declares(manifest: Pick<Manifest, "content">, environment: string): boolean {
  return declaredIn(manifest).some((name) => name === environment || matchesGlob(environment, name));
}

/** The environments to render; without any, the manifest is resolved once by itself. */
function environmentsOf(manifest: Manifest, { environments }: Rules): readonly string[] {
  const chosen = environments ?? declaredIn(manifest);
  return chosen.length > 0 ? chosen : [""];
}
