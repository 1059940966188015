/** A workflow to start on a branch or tag. */
export interface Target {
  readonly owner: string;
  /** `owner/name`. */
  readonly repository: string;
  /** File name of the workflow. */
  readonly workflow: string;
  readonly ref: string;
  /** What the ref deploys, as the manifest says; empty where no manifest tells. */
  readonly environments: readonly string[];
  /** Waves are deployed one after the other, the lowest number first. */
  readonly wave: number;
}

/** How it went. */
export interface Outcome {
  readonly repository: string;
  readonly ref: string;
  readonly workflow: string;
  /** Environments that the ref deploys, with commas. */
  readonly environment: string;
  /**
   * `planned`: a dry run found nothing wrong; `dispatched`: started and not waited for; `skipped`: nothing was to be done;
   * `cancelled`: the bootstrap was cancelled first.
   */
  readonly status: "succeeded" | "failed" | "dispatched" | "planned" | "skipped" | "cancelled";
  /** Whether this bootstrap started the run. */
  readonly dispatched: boolean;
  /** Address of the run in the browser. */
  readonly run?: string | undefined;
  /** How the run ended, in GitHub's word. */
  readonly conclusion?: string | undefined;
  readonly seconds: number;
  /** Why it failed, was skipped or cancelled. */
  readonly reason?: string | undefined;
  /** The job and the step that failed first. */
  readonly job?: string | undefined;
  readonly step?: string | undefined;
}

/** The fields that every outcome of a target has. */
export function aboutTarget({ repository, ref, workflow, environments }: Target) {
  return { repository, ref, workflow, environment: environments.join(", ") };
}
