import { formatDuration } from "../core/duration.ts";
import { FairleadError } from "../core/errors.ts";
import type { Runner } from "../core/runner.ts";
import { code, link, type Row, table } from "../core/summary.ts";
import type { Outcome } from "./deploy-one.ts";

/** Sets the outputs, and shows every repository in the summary of the job. */
export function report(runner: Runner, outcomes: readonly Outcome[]): void {
  const count = (matches: (outcome: Outcome) => boolean) => String(outcomes.filter(matches).length);
  runner.setOutput(
    "dispatched",
    count(({ dispatched }) => dispatched),
  );
  runner.setOutput(
    "succeeded",
    count(({ status }) => status === "succeeded"),
  );
  runner.setOutput(
    "failed",
    count(({ status }) => status === "failed"),
  );
  runner.setOutput("results", JSON.stringify(outcomes));
  runner.summarize(
    `### Bootstrap\n${table(["Repository", "Ref", "Workflow", "Run", "Result", "Time"], outcomes.map(row))}`,
  );
}

/** The one error for all repositories that failed; undefined when none did. */
export function failureOf(outcomes: readonly Outcome[]): FairleadError | undefined {
  const failed = outcomes.filter(({ status }) => status === "failed");
  if (failed.length === 0) return undefined;
  const whole = `${failed.length} of ${outcomes.length} ${outcomes.length === 1 ? "repository" : "repositories"}`;
  const each = failed.map(({ repository, reason }) => `${repository}: ${reason}`);
  return new FairleadError({
    code: "DISPATCH_FAILED",
    message: `${whole} failed. ${each.join(" ")}`,
    ...(outcomes.length === 1
      ? {}
      : { fix: "Correct them and run this again; deploying the others twice does no harm." }),
  });
}

function row(outcome: Outcome): Row {
  const { repository, ref, workflow, run, status, reason, seconds } = outcome;
  return [
    repository,
    code(ref),
    code(workflow),
    run === undefined ? "" : link("run", run),
    reason === undefined ? status : `${status}: ${reason}`,
    formatDuration(seconds * 1_000),
  ];
}
