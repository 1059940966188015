import { FairleadError } from "../core/errors.ts";
import type { Helm } from "../core/helm.ts";
import type { Application, Declaration, RuleError } from "./application.ts";
import type { Manifest } from "./manifest.ts";
import { checkSchema } from "./schema.ts";

/** What is resolved: a manifest, with the team's facts about its cluster. */
export interface Source {
  readonly manifest: Manifest;
  /** Folder or reference of the chart. */
  readonly chart: string;
  /** File with the top-level key `cluster`. */
  readonly clusterFile?: string;
}

/** The environments that a manifest declares, and which push deploys which. */
export async function resolveDeclaration(source: Source, helm: Helm): Promise<Declaration> {
  return orThrow(source, await resolve<Declaration>(source, {}, helm));
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
  const set = { environment, ...(Object.keys(images).length > 0 ? { "deploy.images": images } : {}) };
  return orThrow(source, await resolve<Application>(source, set, helm));
}

/** The value files of a source, in the order in which they are laid over each other. */
export function valueFiles({ manifest, clusterFile }: Source): string[] {
  return [...(clusterFile === undefined ? [] : [clusterFile]), manifest.absolutePath];
}

/** What the chart made of a manifest: the resolved document, and every rule that it breaks. */
export interface Resolution<T> {
  readonly application?: T;
  readonly errors: readonly RuleError[];
}

/** Resolves a manifest with more values set, for instance `environment`; broken rules are given, not thrown. */
export async function resolve<T>(
  source: Source,
  set: Readonly<Record<string, unknown>>,
  helm: Helm,
): Promise<Resolution<T>> {
  const errors = await checkSchema(source.manifest.content, source.chart);
  if (errors.length > 0) return { errors };
  const values = { files: valueFiles(source), set: { ...set, "deploy.resolved": true } };
  return parseRendered(await helm.template(source.chart, "fairlead", "default", values));
}

function orThrow<T>(source: Source, { application, errors }: Resolution<T>): T {
  if (application === undefined || errors.length > 0) throw manifestError(source.manifest, errors);
  return application;
}

function parseRendered<T>(rendered: string): Resolution<T> {
  const json = rendered
    .split("\n")
    .filter((line) => line !== "---" && !line.startsWith("# Source:"))
    .join("\n");
  return JSON.parse(json);
}

/** One error for all problems of a manifest, at the place of the first. */
export function manifestError(manifest: Manifest, errors: readonly RuleError[]): FairleadError {
  const problems = locate(manifest, errors);
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more, listed in the log)` : "";
  return new FairleadError({
    code: "MANIFEST_INVALID",
    message: `${first === undefined ? manifest.file : sentenceOf(first)}${more}.`,
    place: first ?? { file: manifest.file },
    details: problems.map(sentenceOf).join("\n"),
  });
}

/** A broken rule with its place in the manifest. */
export interface Problem extends RuleError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Broken rules with their places, first to last in the file. */
export function locate(manifest: Manifest, errors: readonly RuleError[]): Problem[] {
  return errors
    .map((error) => {
      const { line = 1, column = 1 } = manifest.placeOf(error.path.split("."));
      return { ...error, file: manifest.file, line, column };
    })
    .sort((left, right) => left.line - right.line || left.column - right.column);
}

/** A problem in one line, as compilers print them. */
export function sentenceOf({ file, line, column, path, message, code }: Problem): string {
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message} [${code}]`;
}
