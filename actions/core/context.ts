import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./inputs.ts";
import { createMasker, type Masker } from "./masking.ts";
import type { Runner } from "./runner.ts";

/** The workflow run that a step belongs to. */
export interface WorkflowRun {
  /** `owner/name`. */
  readonly repository: string;
  /** The full commit. */
  readonly commit: string;
  /** `refs/heads/main`, `refs/tags/v1.0.0`, … */
  readonly ref: string;
  readonly event: string;
  /** The branch that a pull request would be merged into; empty for other events. */
  readonly baseRef: string;
  /** Empty when the event does not tell it. */
  readonly defaultBranch: string;
  readonly workflow: string;
  readonly job: string;
  readonly id: string;
  readonly number: number;
  readonly attempt: number;
  readonly actor: string;
  /** Address of the run in the browser. */
  readonly url: string;
}

/** What a stage needs beside its inputs. Stages never read the environment themselves. */
export interface Context {
  readonly runner: Runner;
  readonly masker: Masker;
  readonly run: WorkflowRun;
  /** Absolute path of the checkout. */
  readonly workspace: string;
  /** Folder of this step for temporary files, mode 0700; the post step removes it. */
  readonly folder: string;
  /** Where downloaded tools are kept between steps, and between jobs on a machine of one's own. */
  readonly toolCache: string;
  /** Variables for child processes: those of the step without its inputs. */
  readonly environment: Environment;
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
}

/** The context of a step that the GitHub runner started. */
export function actionContext(
  environment: Environment,
  runner: Runner,
  signal: AbortSignal,
  folder = newFolder(environment),
): Context {
  return {
    runner,
    masker: createMasker((value) => runner.mask(value)),
    run: workflowRun(environment),
    workspace: environment["GITHUB_WORKSPACE"] || process.cwd(),
    folder,
    toolCache: environment["RUNNER_TOOL_CACHE"] || join(folder, "tools"),
    environment: childEnvironment(environment),
    signal,
  };
}

function newFolder(environment: Environment): string {
  const parent = environment["RUNNER_TEMP"] || tmpdir();
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "fairlead-"));
}

function childEnvironment(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith("INPUT_") && !name.startsWith("STATE_")),
  );
}

function workflowRun(environment: Environment): WorkflowRun {
  const read = (name: string) => environment[name] ?? "";
  return {
    repository: read("GITHUB_REPOSITORY"),
    commit: read("GITHUB_SHA"),
    ref: read("GITHUB_REF"),
    event: read("GITHUB_EVENT_NAME"),
    baseRef: read("GITHUB_BASE_REF"),
    defaultBranch: defaultBranchOf(environment["GITHUB_EVENT_PATH"]),
    workflow: read("GITHUB_WORKFLOW"),
    job: read("GITHUB_JOB"),
    id: read("GITHUB_RUN_ID"),
    number: Number(read("GITHUB_RUN_NUMBER") || 0),
    attempt: Number(read("GITHUB_RUN_ATTEMPT") || 1),
    actor: read("GITHUB_ACTOR"),
    url: `${read("GITHUB_SERVER_URL")}/${read("GITHUB_REPOSITORY")}/actions/runs/${read("GITHUB_RUN_ID")}`,
  };
}

function defaultBranchOf(eventFile: string | undefined): string {
  if (!eventFile) return "";
  try {
    const event: { repository?: { default_branch?: string } } = JSON.parse(readFileSync(eventFile, "utf8"));
    return event.repository?.default_branch ?? "";
  } catch {
    // act and hand-made runs have no event file, or an empty one; the environment is asked for by name then.
    return "";
  }
}
