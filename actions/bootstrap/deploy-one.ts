import { formatDuration } from "../core/duration.ts";
import { FairleadError } from "../core/errors.ts";
import { poll } from "../core/retry.ts";
import { type Access, defaultBranch, failedJobs, findWorkflow, lookAtRun, type WorkflowRun } from "./github.ts";
import type { Target } from "./inputs.ts";
import { startRun } from "./start.ts";

/** How one repository went. */
export interface Outcome {
  readonly repository: string;
  readonly ref: string;
  readonly workflow: string;
  /** `planned`: a dry run found nothing wrong; `dispatched`: started and not waited for. */
  readonly status: "succeeded" | "failed" | "dispatched" | "planned";
  readonly dispatched: boolean;
  /** Address of the run in the browser. */
  readonly run?: string;
  readonly seconds: number;
  /** Why it failed. */
  readonly reason?: string;
}

/** How a repository is deployed. */
export interface Plan {
  readonly wait: boolean;
  readonly dryRun: boolean;
  /** When everything must be over, on the clock of `performance.now()`. */
  readonly end: number;
  readonly say: (line: string) => void;
}

const lookInterval = 3_000;

/**
 * Checks a repository, dispatches its workflow and waits for the run. A failure is an outcome, so that other
 * repositories go on; only a cancelled job throws.
 */
export async function deployOne(access: Access, target: Target, plan: Plan): Promise<Outcome> {
  const start = performance.now();
  const say = (line: string) => plan.say(`${target.repository}: ${line}`);
  let seen: Partial<Outcome> = {};
  const outcome = (status: Outcome["status"], reason?: string): Outcome => ({
    repository: target.repository,
    ref: target.ref ?? "",
    workflow: target.workflow,
    dispatched: false,
    ...seen,
    status,
    seconds: Math.round((performance.now() - start) / 1_000),
    ...(reason === undefined ? {} : { reason }),
  });
  if (start >= plan.end) return outcome("failed", "It was not dispatched, because the time was up.");
  try {
    const branch = await defaultBranch(access, target.repository);
    const ref = target.ref ?? branch;
    seen = { ref };
    const { now: since } = await findWorkflow(access, target.repository, target.workflow);
    if (plan.dryRun) {
      say(`would dispatch ${target.workflow} on ${ref}`);
      return outcome("planned");
    }
    const run = await startRun(access, { ...target, ref, since });
    seen = { ref, dispatched: true, run: run.url };
    say(`dispatched ${target.workflow} on ${ref}, ${run.url}`);
    if (!plan.wait) return outcome("dispatched");
    const ended = await waitForRun(access, target.repository, run, { ...plan, say });
    const duration = formatDuration(performance.now() - start);
    say(`${ended.conclusion} after ${duration}`);
    if (ended.conclusion === "success") return outcome("succeeded");
    return outcome("failed", await explain(access, target.repository, ended));
  } catch (thrown) {
    access.signal.throwIfAborted();
    if (!(thrown instanceof FairleadError)) throw thrown;
    say(thrown.message);
    return outcome("failed", thrown.sentence);
  }
}

async function waitForRun(access: Access, repository: string, run: WorkflowRun, plan: Plan): Promise<WorkflowRun> {
  let last = "";
  const options = {
    interval: lookInterval,
    timeout: plan.end - performance.now(),
    signal: access.signal,
    onTimeout: (waiting: string) =>
      new FairleadError({
        code: "TIMEOUT",
        message: `The run was still ${waiting} when the time was up; it goes on without us.`,
        fix: "Look at the run, or raise `timeout`.",
      }),
  };
  return poll(options, async () => {
    const seen = await lookAtRun(access, repository, run.id);
    if (seen?.status === "completed") return { done: seen };
    if (seen !== undefined && seen.status !== last) {
      last = seen.status;
      plan.say(last.replaceAll("_", " "));
    }
    return { waiting: last.replaceAll("_", " ") || "out of sight" };
  });
}

async function explain(access: Access, repository: string, { id, conclusion = "without a result" }: WorkflowRun) {
  const ended = `The run ended as ${conclusion.replaceAll("_", " ")}`;
  // Without the names of the jobs, the conclusion is still worth telling.
  const jobs = await failedJobs(access, repository, id).catch(() => []);
  return jobs.length === 0 ? `${ended}.` : `${ended}; look at ${jobs.join(", ")}.`;
}
