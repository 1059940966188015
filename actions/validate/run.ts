import { glob } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { bundledChart, type Helm, openHelm } from "../core/helm.ts";
import { table } from "../core/summary.ts";
import type { Declaration } from "./application.ts";
import type { ValidateInputs } from "./inputs.ts";
import { readManifest } from "./manifest.ts";
import { locate, type Problem, resolve, type Source, sentenceOf } from "./resolve.ts";

/** A problem, and the environment that it shows in; empty when it shows in the manifest itself. */
export interface EnvironmentProblem extends Problem {
  readonly environment: string;
}

const annotationLimit = 10;

/**
 * Checks manifests in all their environments, without a cluster and without secrets.
 * Annotates up to ten problems; all of them are in the summary and in what is given back.
 */
export async function run(inputs: ValidateInputs, context: Context): Promise<{ problems: EnvironmentProblem[] }> {
  const files = await findManifests(inputs.manifests, context);
  const helm = await openHelm(context, inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror });
  const problems: EnvironmentProblem[] = [];
  for (const file of files) problems.push(...(await validateFile(file, inputs, helm, context)));
  for (const problem of problems.slice(0, annotationLimit)) {
    const { message, path, code } = problem;
    context.runner.annotate("error", path === "" ? message : `${path}: ${message}`, code, problem);
  }
  report(problems, files, context);
  return { problems };
}

async function findManifests(patterns: readonly string[], context: Context): Promise<string[]> {
  const files = await Array.fromAsync(glob([...patterns], { cwd: context.workspace }));
  if (files.length > 0) return files.sort();
  throw new FairleadError({
    code: "MANIFEST_INVALID",
    message: `No file matches ${patterns.join(", ")}.`,
    fix: "Name the manifests in the input `manifests`, or check out the repository before this step.",
  });
}

async function validateFile(file: string, inputs: ValidateInputs, helm: Helm, context: Context) {
  try {
    const manifest = await readManifest(file, context);
    const cluster = inputs.cluster;
    const clusterFile = cluster === undefined || isAbsolute(cluster) ? cluster : join(context.workspace, cluster);
    const source = { manifest, chart: bundledChart(), ...(clusterFile === undefined ? {} : { clusterFile }) };
    return await validateEnvironments(source, inputs.environments, helm);
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.place === undefined) throw thrown;
    const { line = 1, column = 1 } = thrown.place;
    return [{ file, line, column, code: thrown.code, path: "", message: thrown.message, environment: "" }];
  }
}

async function validateEnvironments(source: Source, chosen: readonly string[] | undefined, helm: Helm) {
  const declared = await resolve<Declaration>(source, {}, helm);
  const common = locate(source.manifest, declared.errors).map((problem) => ({ ...problem, environment: "" }));
  const environments = chosen ?? Object.keys(declared.application?.environments ?? {});
  if (common.length > 0) return common;
  const found = await Promise.all(
    environments.map(async (environment) => {
      const { errors } = await resolve(source, { environment }, helm);
      return locate(source.manifest, errors).map((problem) => ({ ...problem, environment }));
    }),
  );
  return found.flat();
}

function report(problems: readonly EnvironmentProblem[], files: readonly string[], { runner }: Context): void {
  if (problems.length === 0) {
    runner.info(`No problem in ${files.join(", ")}.`);
    return;
  }
  for (const problem of problems) runner.info(sentenceOf(problem));
  const rows = problems.map((problem) => [
    `${problem.file}:${problem.line}:${problem.column}`,
    problem.environment,
    problem.path,
    problem.message,
    problem.code,
  ]);
  runner.summarize(`### Manifest problems\n${table(["Place", "Environment", "Key", "Problem", "Code"], rows)}`);
}
