import type { ActionFile, JobStatus } from "./action-file.ts";
import type { JobFolders } from "./environment.ts";
import type { Snapshot } from "./files.ts";
import type { Evidence } from "./leaks.ts";
import type { Masks } from "./masks.ts";
import type { Annotation, JobOptions, StepOptions, StepResult } from "./types.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** One step of a job while it runs. */
export interface Step {
  readonly file: ActionFile;
  readonly options: StepOptions;
  readonly result: Mutable<StepResult>;
  readonly evidence: Evidence[];
}

/** One job while it runs. */
export interface JobState {
  readonly options: JobOptions;
  readonly folders: JobFolders;
  readonly variables: Readonly<Record<string, string>>;
  readonly masks: Masks;
  readonly before: Snapshot;
  readonly steps: Step[];
  readonly cancelled: AbortSignal;
  exported: Record<string, string>;
  paths: string[];
  status: JobStatus;
  stages: number;
}

/** Records an annotation of a step and logs it, masked. */
export function annotate(
  job: JobState,
  step: Step,
  level: Annotation["level"],
  message: string,
  properties: Annotation["properties"] = {},
): void {
  step.result.annotations.push({ level, message: job.masks.hide(message), properties });
  log(job, step, `##[${level}]${message}`);
}

/** Adds lines to the log of a step, masked with what is known to be secret by now. */
export function log(job: JobState, step: Step, text: string): void {
  for (const line of job.masks.hide(text).split("\n")) {
    step.result.log += `${line}\n`;
    job.options.onLine?.(line);
  }
}
