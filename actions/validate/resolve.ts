import { resolve as resolvePath } from "node:path";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { bundledChart, type Helm, type Values } from "../core/helm.ts";
import type { Application, Declaration, Remarks, RuleError } from "./application.ts";
import { checkManifest, findingOf } from "./check.ts";
import { checkClusterFile } from "./cluster-file.ts";
import { helmRefusal } from "./helm-reader.ts";
import { locate, type Manifest, manifestError } from "./manifest.ts";
import type { Problem } from "./problem.ts";
import { openJudge } from "./schema.ts";

/** What is resolved: a manifest, with the team's facts about its cluster. */
export interface Source {
  readonly manifest: Manifest;
  /** Folder or reference of the chart. */
  readonly chart: string;
  /** File with the top-level key `cluster`. */
  readonly clusterFile?: string;
  /** Single values over all others, by path. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/**
 * The source of a manifest under the chart that travels with the actions.
 *
 * @param cluster a team's file, relative to the workspace.
 * @throws FairleadError MANIFEST_INVALID with all that is wrong in that file, at the place of the first.
 */
export async function sourceOf(
  manifest: Manifest,
  cluster: string | undefined,
  context: Pick<Context, "workspace">,
): Promise<Source> {
  return { manifest, chart: bundledChart(), ...(await clusterOf(cluster, context)) };
}

/** The same, but of the cluster file alone. */
export async function clusterOf(
  cluster: string | undefined,
  { workspace }: Pick<Context, "workspace">,
): Promise<Pick<Source, "clusterFile">> {
  if (cluster === undefined) return {};
  const clusterFile = resolvePath(workspace, cluster);
  const problems = await checkClusterFile(clusterFile, bundledChart(), workspace);
  if (problems.length > 0) throw manifestError(cluster, problems);
  return { clusterFile };
}

/** The environments that a manifest declares, and which push deploys which. */
export async function resolveDeclaration(source: Source, helm: Helm): Promise<Declaration> {
  return await resolveOrThrow<Declaration>(source, "", {}, helm);
}

/**
 * The application of one environment, as the chart resolves it.
 *
 * @param images by component, laid over what the manifest says.
 * @throws FairleadError MANIFEST_INVALID with all broken rules, at the place of the first.
 */
export async function resolveApplication(
  source: Source,
  environment: string,
  images: Readonly<Record<string, string>>,
  helm: Helm,
): Promise<Application> {
  return await resolveOrThrow<Application>(source, environment, images, helm);
}

/**
 * The application that values give which were checked when they were deployed, as Helm keeps them; undefined where the
 * chart that travels with the actions does not take them.
 */
export async function resolveKept(values: Values, helm: Helm): Promise<Application | undefined> {
  const set = { ...values.set, "deploy.resolved": true };
  const rendered = await helm.template(bundledChart(), "fairlead", "default", { ...values, set }).catch((thrown) => {
    if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") throw thrown;
  });
  if (rendered === undefined) return undefined;
  const { application, errors } = parseRendered<Application>(rendered);
  return errors.length === 0 ? application : undefined;
}

/** The values of a source, in the order in which they are laid over each other; what is set lies over all of them. */
export function valuesOf({ manifest, clusterFile, set: always }: Source, set: Required<Values>["set"]): Values {
  const files = [...(clusterFile === undefined ? [] : [clusterFile]), manifest.absolutePath];
  return { files, overlay: manifest.overlay, set: { ...always, ...set } };
}

/** The code of what is only worth knowing. */
export const noticeCode = "APP_NOTICE";

/** The document that the chart's resolver prints. */
export interface Resolved<T> {
  readonly application: T;
  readonly errors: readonly RuleError[];
}

/** What the chart made of a manifest: the resolved document, and everything that is wrong with the manifest. */
export interface Resolution<T> {
  readonly application?: T;
  readonly problems: readonly Problem[];
  /** What is no error: notices have the code APP_NOTICE, all others are warnings. */
  readonly remarks: readonly Problem[];
}

/** Resolves a manifest that passed `checkManifest`; broken rules are given, not thrown. */
export async function resolveChecked<T>(
  source: Source,
  environment: string,
  images: Readonly<Record<string, string>>,
  helm: Helm,
): Promise<Resolution<T>> {
  const set = {
    "deploy.resolved": true,
    ...(environment === "" ? {} : { environment }),
    ...(Object.keys(images).length > 0 ? { "deploy.images": images } : {}),
  };
  const rendered = await helm.template(source.chart, "fairlead", "default", valuesOf(source, set));
  return await locateRules(parseRendered<T & Remarks>(rendered), source, environment);
}

/** What the chart made of a manifest, and its objects as Helm renders them; empty where something is wrong with it. */
export type Drawn<T> = Resolution<T> & { readonly objects: string };

/** The document that holds nothing but the resolved one, in a comment. */
const resolvedPart = /^---\n# Source: [^\n]*\n# fairlead: (\{.*\})\n\s*(?=^---$|(?![\s\S]))/m;

/**
 * Resolves and renders a manifest that passed `checkManifest`, by one Helm; broken rules are given, not thrown.
 *
 * @param deploy what the deploy itself adds; what only it knows has a stand-in where it is left out.
 */
export async function drawChecked<T>(
  source: Source,
  environment: string,
  deploy: Required<Values>["set"],
  helm: Helm,
): Promise<Drawn<T>> {
  const set = { environment, "deploy.preview": true, ...deploy, "deploy.resolved": "with-objects" };
  const output = await helm.template(source.chart, "fairlead", "default", valuesOf(source, set));
  const [part, json] = resolvedPart.exec(output) ?? [];
  if (part === undefined || json === undefined) throw new Error("Helm printed no resolved document");
  const resolution = await locateRules<T>(JSON.parse(json) as Resolved<T & Remarks>, source, environment);
  return { ...resolution, objects: output.replace(part, "") };
}

/** What the chart found in a manifest, at its places. */
export async function locateRules<T>(
  { application, errors }: Resolved<T & Remarks>,
  source: Source,
  environment: string,
): Promise<Resolution<T>> {
  const { warnings = [], notices } = application;
  const places = (rules: readonly RuleError[]) => {
    const findings = rules.map((rule) => findingOf(rule, source.manifest.content, environment));
    return locate(source.manifest, findings, environment);
  };
  const remarks = [...warnings, ...notices.map((notice) => ({ ...notice, code: noticeCode }))];
  return { application, problems: await places(errors), remarks: await places(remarks) };
}

/**
 * The objects of one environment, as Helm renders them.
 *
 * @param deploy what the deploy itself adds, `deploy.images` for one; by default what only it knows has a stand-in.
 */
export async function renderObjects(
  source: Source,
  environment: string,
  helm: Helm,
  deploy: Required<Values>["set"] = { "deploy.preview": true },
): Promise<string> {
  return await helm.template(source.chart, "fairlead", "default", valuesOf(source, { environment, ...deploy }));
}

/**
 * The application of one environment and its objects, by one Helm.
 *
 * @param deploy as for `drawChecked`.
 * @throws FairleadError MANIFEST_INVALID with all broken rules, at the place of the first.
 */
export async function drawApplication(
  source: Source,
  environment: string,
  deploy: Required<Values>["set"],
  helm: Helm,
): Promise<{ readonly application: Application; readonly objects: string }> {
  const drawn = await orThrow(source, () => drawChecked<Application>(source, environment, deploy, helm));
  return { application: drawn.application, objects: drawn.objects };
}

async function resolveOrThrow<T>(source: Source, environment: string, images: Record<string, string>, helm: Helm) {
  return (await orThrow(source, () => resolveChecked<T>(source, environment, images, helm))).application;
}

/** What `make` gives where nothing is wrong with the manifest. */
async function orThrow<T, R extends Resolution<T>>(
  { manifest, chart }: Source,
  make: () => Promise<R>,
): Promise<R & Required<Pick<R, "application">>> {
  const problems = await checkManifest(manifest, openJudge(chart));
  if (problems.length > 0) throw manifestError(manifest.file, problems);
  const resolution = await make().catch((thrown): never => {
    const refused = helmRefusal(thrown, manifest.file);
    throw refused === undefined ? thrown : manifestError(manifest.file, [refused], thrown);
  });
  const { application } = resolution;
  if (application === undefined || resolution.problems.length > 0) {
    throw manifestError(manifest.file, resolution.problems);
  }
  return { ...resolution, application };
}

function parseRendered<T>(rendered: string): Resolved<T> {
  const json = rendered
    .split("\n")
    .filter((line) => line !== "---" && !line.startsWith("# Source:"))
    .join("\n");
  return JSON.parse(json);
}
