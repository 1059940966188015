import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parsePairs, parseVariables, prependPaths } from "./file-commands.ts";
import { annotate, type JobState, type Step } from "./state.ts";

/** The files through which a script talks to the runner. */
export interface FileCommands {
  readonly output: string;
  readonly env: string;
  readonly path: string;
  readonly state: string;
  readonly summary: string;
}

/** Makes five fresh empty files for one script. */
export function makeFileCommands(job: JobState): FileCommands {
  job.stages++;
  mkdirSync(job.folders.fileCommands, { recursive: true });
  const make = (kind: string) => {
    const file = join(job.folders.fileCommands, `${kind}_${job.stages}`);
    writeFileSync(file, "");
    return file;
  };
  return {
    output: make("set_output"),
    env: make("set_env"),
    path: make("add_path"),
    state: make("save_state"),
    summary: make("step_summary"),
  };
}

/** Merges outputs, variables, paths, state and summary into step and job; gives whether all files could be read. */
export function takeOverFiles(job: JobState, step: Step, files: FileCommands): boolean {
  const { result } = step;
  try {
    const variables = parseVariables(readFileSync(files.env, "utf8"));
    result.env = { ...result.env, ...variables };
    job.exported = { ...job.exported, ...variables };
    const paths = readFileSync(files.path, "utf8");
    result.path = prependPaths(result.path, paths);
    job.paths = prependPaths(job.paths, paths);
    result.outputs = { ...result.outputs, ...parsePairs(readFileSync(files.output, "utf8")) };
    result.state = { ...result.state, ...parsePairs(readFileSync(files.state, "utf8")) };
  } catch (thrown) {
    annotate(job, step, "error", (thrown as Error).message);
    return false;
  } finally {
    takeOverSummary(job, step, files.summary);
  }
  return true;
}

const summaryLimit = 1024 * 1024;

function takeOverSummary(job: JobState, step: Step, file: string): void {
  const { size } = statSync(file);
  if (size > summaryLimit) {
    const kilobytes = Math.ceil(size / 1024);
    const message = `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${kilobytes}k.`;
    annotate(job, step, "error", message);
    return;
  }
  step.result.summary += job.masks.hide(readFileSync(file, "utf8"));
}
