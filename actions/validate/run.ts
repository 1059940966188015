import { isAbsolute, join } from "node:path";
import type { Context } from "../core/context.ts";
import { bundledChart, openHelm } from "../core/helm.ts";
import { code, firstThatFit, table } from "../core/summary.ts";
import { findManifests } from "./files.ts";
import type { ValidateInputs } from "./inputs.ts";
import { adviceOf, mostUseful, oneLine, type Problem, sentenceOf } from "./problem.ts";
import { noticeCode } from "./resolve.ts";
import { validateFiles } from "./validate.ts";

/** GitHub shows no more annotations of one level in a step. */
const annotationLimit = 10;

/** What was found wrong, and what changes. */
export interface Outcome {
  readonly problems: readonly Problem[];
  /** The problems as a JSON array: the first of them, as many as an output can hold. */
  readonly errors: string;
  /** JSON; empty when nothing was compared. */
  readonly diff: string;
}

/**
 * Checks manifests in all their environments, without a cluster and without secrets, and shows what a pull request
 * changes. Annotates up to ten problems, and as many warnings and notices; all of them are in the log, and the problems in
 * what is given back and, as far as GitHub takes them, in the summary.
 */
export async function run(inputs: ValidateInputs, context: Context): Promise<Outcome> {
  const files = findManifests(inputs.manifests, context.workspace);
  const { cluster, environments, kubernetesVersion, toolMirror } = inputs;
  const clusterFile = cluster === undefined || isAbsolute(cluster) ? cluster : join(context.workspace, cluster);
  const rules = {
    chart: bundledChart(),
    kubernetesVersion,
    ...(clusterFile === undefined ? {} : { clusterFile }),
    ...(environments === undefined ? {} : { environments }),
  };
  const helm = once(() => openHelm(context, toolMirror === undefined ? {} : { mirror: toolMirror }));
  const { problems, remarks, unchecked, rendered } = await validateFiles(files, rules, context.workspace, helm);
  for (const problem of mostUseful(problems, annotationLimit)) {
    context.runner.annotate("error", adviceOf(problem), problem.code, problem);
  }
  for (const level of ["warning", "notice"] as const) {
    const ofLevel = remarks.filter(({ code }) => (code === noticeCode) === (level === "notice"));
    for (const remark of mostUseful(ofLevel, annotationLimit)) {
      context.runner.annotate(level, adviceOf(remark), remark.code, remark);
    }
  }
  if (unchecked.length > 0) {
    const kinds = unchecked.map(oneLine).join(", ");
    context.runner.annotate("notice", `Rendered, but not checked against a schema: ${kinds}.`, "Not checked");
  }
  report(problems, files, context);
  const errors = JSON.stringify(firstThatFit(problems, (problem) => JSON.stringify(problem)));
  const ref = inputs.baseRef ?? context.run.baseRef;
  if (ref === "" || rendered.length === 0) return { problems, errors, diff: "" };
  const { showChanges } = await import("./changes/show.ts");
  return { problems, errors, diff: await showChanges(ref, inputs.manifests, rendered, rules, context, helm) };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function report(problems: readonly Problem[], files: readonly string[], { runner }: Context): void {
  if (problems.length === 0) {
    runner.info(`No problem in ${oneLine(files.join(", "))}.`);
    return;
  }
  for (const problem of problems) runner.info(sentenceOf(problem));
  const rows = problems.map((problem) => [
    `${problem.file}:${problem.line}:${problem.column}`,
    problem.environment,
    code(problem.path),
    problem.hint === "" ? problem.message : `${problem.message}; ${problem.hint}`,
    code(problem.code),
  ]);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const shown = firstThatFit(rows, (row) => table([], [row]));
  const left = rows.length - shown.length;
  const more = left === 0 ? "" : `\n${left} more are not shown here; the log has all.\n`;
  runner.summarize(`### ${count}\n${table(["Place", "Environment", "Key", "Problem", "Code"], shown)}${more}`);
}
