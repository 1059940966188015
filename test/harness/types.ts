import type { JobStatus, StageName } from "./action-file.ts";
import type { WorkflowEvent } from "./environment.ts";
import type { Orphan } from "./processes.ts";
import type { Patience } from "./stage.ts";

/** What a job starts with. */
export interface JobOptions {
  /** Variables for every step. */
  readonly env?: Readonly<Record<string, string>>;
  readonly event?: Partial<WorkflowEvent>;
  /** Files of the workspace. */
  readonly files?: Readonly<Record<string, string>>;
  /** An existing folder as the workspace; by default an empty one that is removed with the job. */
  readonly workspace?: string;
  /** Values that must not get out, at least 16 characters each. Read when the job finishes, so a test may add to it. */
  readonly secrets?: readonly string[];
  /** Milliseconds until the job is cancelled; 10 minutes by default. */
  readonly deadline?: number;
  /** What a cancelled stage is left; as much as the runner leaves it by default. */
  readonly patience?: Patience;
  /** Called with each line of the log as it comes, masked. */
  readonly onLine?: (line: string) => void;
}

/** What one step gets. */
export interface StepOptions {
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** As in a workflow file; `success()` by default. */
  readonly if?: string;
  /** Cancels the job when a line of this step's log matches, or when the signal is aborted. */
  readonly cancelAfter?: RegExp | AbortSignal;
  /** Where this step may put secrets on purpose, by name; they must be masked then. Files are paths in the workspace. */
  readonly allow?: {
    readonly outputs?: readonly string[];
    readonly env?: readonly string[];
    readonly files?: readonly string[];
  };
}

/** A workflow command that shows in the browser. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** What is known of a step; the post stage adds to it when the job finishes. */
export interface StepResult {
  readonly action: string;
  readonly conclusion: JobStatus | "skipped";
  readonly exitCodes: Readonly<Partial<Record<StageName, number>>>;
  /** Milliseconds. */
  readonly durations: Readonly<Partial<Record<StageName, number>>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** What it exported through GITHUB_ENV. */
  readonly env: Readonly<Record<string, string>>;
  /** What it added through GITHUB_PATH, the latest first. */
  readonly path: readonly string[];
  readonly state: Readonly<Record<string, string>>;
  readonly masks: readonly string[];
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  /** Given inputs that action.yml does not declare. */
  readonly unexpectedInputs: readonly string[];
  /** What the browser shows: masked. */
  readonly log: string;
  /** Argument lists of the child processes it started. */
  readonly commands: readonly (readonly string[])[];
}

/** How a job ended. */
export interface JobResult {
  readonly conclusion: JobStatus;
  readonly steps: readonly StepResult[];
  /** Files that are new or changed in RUNNER_TEMP, HOME or the workspace, with their mode. */
  readonly leftBehind: readonly { readonly path: string; readonly mode: string; readonly content: string }[];
  /** Processes that outlived their step; they were ended. */
  readonly orphans: readonly Orphan[];
}
