import { formatDuration } from "../core/duration.ts";
import { FairleadError } from "../core/errors.ts";
import type { Runner } from "../core/runner.ts";
import { code, link, type Row, table } from "../core/summary.ts";
import type { Outcome } from "./target.ts";

/** Sets the outputs, and shows every repository in the summary of the job. */
export function report(runner: Runner, outcomes: readonly Outcome[]): void {
  const count = (status: Outcome["status"]) => outcomes.filter((outcome) => outcome.status === status).length;
  const dispatched = outcomes.filter((outcome) => outcome.dispatched).length;
  runner.setOutput("dispatched", String(dispatched));
  runner.setOutput("succeeded", String(count("succeeded")));
  runner.setOutput("failed", String(count("failed")));
  runner.setOutput("results", JSON.stringify(outcomes));
  const head = ["Repository", "Environment", "Ref", "Run", "Result", "Time", "Failed job and step"];
  runner.summarize(`### Bootstrap: ${totals(outcomes)}\n${table(head, outcomes.map(row))}`);
}

/** `3 succeeded, 1 failed`: how many ended how. */
export function totals(outcomes: readonly Outcome[]): string {
  const groups = Map.groupBy(outcomes, ({ status }) => status);
  return [...groups].map(([status, list]) => `${list.length} ${status}`).join(", ") || "nothing to do";
}

/** Lines of text with columns, for a log or a terminal. */
export function textTable(outcomes: readonly Outcome[]): string[] {
  const rows = outcomes.map(({ repository, environment, ref, status, seconds, run, reason }) => [
    ...[repository, environment || "-", ref || "-", status, formatDuration(seconds * 1_000)],
    [run, reason].filter((part) => part !== undefined).join("  "),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** The one error for all repositories that failed; undefined when none did. */
export function failureOf(outcomes: readonly Outcome[]): FairleadError | undefined {
  const failed = outcomes.filter(({ status }) => status === "failed");
  if (failed.length === 0) return undefined;
  const whole = `${failed.length} of ${outcomes.length} ${outcomes.length === 1 ? "repository" : "repositories"}`;
  const shown = failed.slice(0, shownInError).map(({ repository, reason }) => `${repository}: ${reason}`);
  const rest = failed.length > shownInError ? [`${failed.length - shownInError} more are in the summary.`] : [];
  return new FairleadError({
    code: "DISPATCH_FAILED",
    message: `${whole} failed. ${[...shown, ...rest].join(" ")}`,
    ...(outcomes.length === 1 ? {} : { fix: "Correct them, and run this again with `only: failed`." }),
  });
}

/** An annotation holds 4096 characters. */
const shownInError = 15;

function row(outcome: Outcome): Row {
  const { repository, environment, ref, run, status, reason, seconds, job, step } = outcome;
  return [
    repository,
    environment,
    code(ref),
    run === undefined ? "" : link("run", run),
    reason === undefined ? status : `${status}: ${reason}`,
    formatDuration(seconds * 1_000),
    [job, step].filter((part) => part !== undefined).join(" / "),
  ];
}
