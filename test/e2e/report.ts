import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../actions/deploy/report/report.ts";
import type { Annotation, JobResult, StepResult } from "../harness/types.ts";

type LeftBehind = JobResult["leftBehind"];

/** What a job left besides the reports of its deploys, which are there for later steps, and for the runner's user alone. */
export function leftBesideReports(leftBehind: LeftBehind, ...steps: readonly StepResult[]): string[] {
  const reports = steps.map(({ outputs }) => outputs["report"]);
  return leftBehind.filter(({ path, mode }) => !reports.includes(path) || mode !== "0600").map(({ path }) => path);
}

/** The report file of a deploy, after the post step. */
export function reportOf({ outputs, leftBehind, log }: StepResult & { readonly leftBehind: LeftBehind }): Report {
  const file = leftBehind.find(({ path }) => path === outputs["report"]);
  if (file === undefined) throw new Error(`no report file:\n${log}`);
  return JSON.parse(file.content);
}

/** The error of a step that has exactly one. */
export function onlyError({ annotations, log }: StepResult): Annotation {
  const [error, ...others] = annotations.filter(({ level }) => level === "error");
  if (error === undefined || others.length > 0) throw new Error(`${others.length} errors too many:\n${log}`);
  return error;
}

/** The line of a manifest that an annotation points at, without its indentation. */
export function lineAt({ workspace }: { readonly workspace: string }, { properties }: Annotation): string {
  const { file = "", line } = properties;
  const lines = file === "" ? [] : readFileSync(join(workspace, file), "utf8").split("\n");
  return (lines[Number(line) - 1] ?? "").trim();
}
