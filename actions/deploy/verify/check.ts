import { setTimeout as wait } from "node:timers/promises";
import { FairleadError } from "../../core/errors.ts";
import type { Component } from "../../validate/application.ts";
import type { Fault } from "../tracking/faults/fault.ts";

/** The workload that a check looks at, and the container whose log tells of it where that is one. */
export type Checked = Pick<Fault, "workload" | "pod" | "container">;

/** One thing that must be true of a new revision before it counts as deployed. */
export interface Check {
  readonly name: string;
  /** Milliseconds for all its tries. */
  readonly timeout: number;
  /** Milliseconds between two tries. */
  readonly interval?: number;
  /** A failure is only a warning. */
  readonly optional: boolean;
  /** The workload that answers for it. */
  readonly workload?: Checked["workload"];
  /** Looks once. */
  look(signal: AbortSignal): Promise<Finding>;
}

/** What one look found: what is asked for, something else, or that it cannot be known from here. */
export type Finding =
  | { readonly state: "passed"; readonly said?: string }
  | {
      readonly state: "wrong" | "unknown";
      readonly said: string /** Another look would see the same. */;
      readonly final?: boolean;
    };

/** The part of a check that says who answers for it; the pods of a CronJob are in no rollout. */
export function answeredBy({ kind, name, namespace }: Component): Pick<Check, "workload"> {
  return kind === "CronJob" ? {} : { workload: { kind, name, namespace } };
}

/** How a check ended. */
export interface CheckResult {
  readonly name: string;
  /** `stopped`: it was under way when another one failed. */
  readonly outcome: "passed" | "failed" | "warned" | "unknown" | "stopped";
  /** A sentence without the full stop, empty for what passed without a word. */
  readonly said: string;
  readonly milliseconds: number;
  readonly about?: Checked;
}

/** Milliseconds that a check gets when nobody says more. */
export const usualTimeout = 30_000;

/**
 * Makes all checks side by side, each until it passes, its time is up, or one of them has failed.
 *
 * @param failed aborted when one fails; whoever aborts it ends them all.
 */
export async function makeChecks(
  checks: readonly Check[],
  signal: AbortSignal,
  failed: AbortController = new AbortController(),
): Promise<CheckResult[]> {
  return await Promise.all(
    checks.map(async (check) => {
      const result = await makeCheck(check, signal, failed.signal);
      if (result.outcome === "failed") failed.abort();
      return result;
    }),
  );
}

async function makeCheck(check: Check, signal: AbortSignal, others: AbortSignal): Promise<CheckResult> {
  const from = performance.now();
  const end = from + check.timeout;
  const own = AbortSignal.any([signal, others, AbortSignal.timeout(check.timeout)]);
  let last: Finding = { state: "wrong", said: "it was not answered in its time" };
  for (;;) {
    const finding = await check.look(own).catch((thrown): Finding => {
      signal.throwIfAborted();
      return own.aborted ? last : findingOf(thrown);
    });
    if (finding.state === "passed") return concluded(check, "passed", finding.said ?? "", from);
    if (others.aborted) return concluded(check, "stopped", "", from);
    last = finding;
    const interval = check.interval ?? 1_000;
    const over = performance.now() + interval >= end;
    if (over || finding.final) {
      const failure = check.optional ? "warned" : "failed";
      return concluded(check, finding.state === "unknown" ? "unknown" : failure, finding.said, from);
    }
    // Whatever wakes it early ends it after one more look at most.
    await wait(interval, undefined, { signal: own }).catch(() => signal.throwIfAborted());
  }
}

/**
 * What a look comes to that could not be made: the revision must not stay half judged, so it is no end of the deploy. What is
 * not allowed says nothing of the app.
 */
function findingOf(thrown: unknown): Finding {
  if (!(thrown instanceof FairleadError)) throw thrown;
  const said = thrown.message.replace(/\.$/, "");
  return thrown.code === "CLUSTER_FORBIDDEN" ? { state: "unknown", final: true, said } : { state: "wrong", said };
}

function concluded(
  { name, workload }: Check,
  outcome: CheckResult["outcome"],
  said: string,
  from: number,
): CheckResult {
  const about = workload === undefined ? {} : { about: { workload } };
  return { name, outcome, said, milliseconds: performance.now() - from, ...about };
}
