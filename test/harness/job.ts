import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { conditionHolds } from "./action-file.ts";
import { type JobFolders, makeFolders, runnerVariables } from "./environment.ts";
import { fileEvidence, watchedFolders } from "./evidence.ts";
import { snapshot, writtenBetween } from "./files.ts";
import { assertNoLeaks } from "./leaks.ts";
import { createMasks } from "./masks.ts";
import { endOrphans } from "./processes.ts";
import type { JobState } from "./state.ts";
import { runStageOf, runStep } from "./step.ts";
import type { JobOptions, JobResult, StepOptions, StepResult } from "./types.ts";

export type { Annotation, JobOptions, JobResult, StepOptions, StepResult } from "./types.ts";

/** Steps that share a workspace, exported variables, paths and masks, as on one runner. */
export interface Job {
  readonly folders: JobFolders;
  /** Runs pre and main of an action directory; post runs when the job finishes. */
  run(directory: string, options?: StepOptions): Promise<StepResult>;
  /**
   * Runs the post stages, the last step's first, ends what still runs, and looks for leaked secrets.
   *
   * @throws LeakError
   */
  finish(): Promise<JobResult>;
  /** Finishes the job if need be and removes its folders. */
  [Symbol.asyncDispose](): Promise<void>;
}

const trackingVariable = "RUNNER_TRACKING_ID";

/** Starts an empty job. */
export function createJob(options: JobOptions = {}): Job {
  if (!process.version.startsWith("v24.")) throw new Error(`actions run on Node 24, not on ${process.version}`);
  const folders = makeFolders(options.workspace, options.files ?? {});
  const job: JobState = {
    options,
    folders,
    variables: { ...runnerVariables(folders, options.event ?? {}), [trackingVariable]: `harness_${randomUUID()}` },
    masks: createMasks(),
    before: snapshot(watchedFolders(folders)),
    steps: [],
    cancelled: AbortSignal.timeout(options.deadline ?? 10 * 60_000),
    exported: {},
    paths: [],
    status: "success",
    stages: 0,
  };
  let finished: Promise<JobResult> | undefined;
  const finish = () => {
    finished ??= finishJob(job);
    return finished;
  };
  return {
    folders,
    run: (directory, stepOptions = {}) => runStep(job, directory, stepOptions),
    finish,
    async [Symbol.asyncDispose]() {
      try {
        // What finish() threw once is not thrown again.
        if (finished === undefined) await finish();
      } finally {
        rmSync(folders.root, { recursive: true, force: true });
      }
    },
  };
}

/** Runs one action as the only step of a job and removes the job's folders. @throws LeakError */
export async function runAction(
  directory: string,
  options: JobOptions & StepOptions = {},
): Promise<StepResult & Pick<JobResult, "leftBehind" | "orphans">> {
  await using job = createJob(options);
  await job.run(directory, options);
  const { steps, leftBehind, orphans } = await job.finish();
  const [step] = steps;
  if (step === undefined) throw new Error("the job has no step");
  return { ...step, leftBehind, orphans };
}

async function finishJob(job: JobState): Promise<JobResult> {
  for (const step of job.steps.toReversed()) {
    if (step.file.scripts.post === undefined) continue;
    if (conditionHolds(step.file.conditions.post, job.status)) await runStageOf(job, step, "post");
  }
  const orphans = await endOrphans(trackingVariable, job.variables[trackingVariable] ?? "");
  rmSync(job.folders.fileCommands, { recursive: true, force: true });
  const files = writtenBetween(job.before, snapshot(watchedFolders(job.folders)));
  assertNoLeaks(job.options.secrets ?? [], [
    ...job.steps.flatMap(({ evidence }) => evidence),
    ...fileEvidence(job, files),
  ]);
  return {
    conclusion: job.status,
    steps: job.steps.map(({ result }) => result),
    leftBehind: files.map((path) => ({
      path,
      mode: (statSync(path).mode & 0o777).toString(8).padStart(4, "0"),
      content: readFileSync(path, "utf8"),
    })),
    orphans,
  };
}
