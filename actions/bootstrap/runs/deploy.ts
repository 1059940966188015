import { FairleadError } from "../../core/errors.ts";
import type { Client } from "../api/client.ts";
import { endingOf, spoken } from "../api/conclusions.ts";
import { failedJobs, type WorkflowRun } from "../api/github.ts";
import { aboutTarget, type Outcome, type Target } from "../target.ts";
import { lookBefore, type Started, type StartPolicy, startRun } from "./start.ts";
import { watchRun } from "./watch.ts";

/** How targets are deployed. */
export interface DeployPolicy extends StartPolicy {
  readonly wait: boolean;
  readonly dryRun: boolean;
  /** Told of everything that happens to a target. */
  readonly progress: Progress;
}

/** Follows the targets. */
export interface Progress {
  /** A target's state, `queued` or `dispatched` for one, and the address of its run. */
  state(target: Target, state: string, url?: string): void;
  warn(message: string): void;
  /** A run was started by us: it is to be cancelled if everything is. */
  started(target: Target, run: Started): Promise<void>;
}

/**
 * Starts a target's run, unless there is one, and waits for it. A failure is an outcome, so that other targets go on.
 *
 * @param client its signal ends the wait; what is thrown with it becomes the reason.
 */
export async function deployOne(client: Client, target: Target, policy: DeployPolicy): Promise<Outcome> {
  const { clock, signal } = client;
  const { progress } = policy;
  const start = clock.now();
  let state = "";
  let run: Started | undefined;
  const tell = (text: string, url?: string) => {
    state = text;
    progress.state(target, text, url ?? run?.url);
  };
  const outcome = (status: Outcome["status"], more: Partial<Outcome> = {}): Outcome => {
    tell(more.reason === undefined ? status : `${status}: ${more.reason}`);
    const seconds = Math.round((clock.now() - start) / 1_000);
    const dispatched = run?.dispatched ?? false;
    return { ...aboutTarget(target), status, dispatched, run: run?.url, seconds, ...more };
  };
  const begun = once(() => client.pacer.expect(-1));
  try {
    signal.throwIfAborted();
    const before = await lookBefore(client, target, policy);
    if ("skip" in before) return outcome("skipped", { reason: before.skip });
    if (policy.dryRun) return outcome("planned", "take" in before ? { reason: "A run of it is there already." } : {});
    if ("take" in before) run = { ...before.take, dispatched: false };
    else {
      run = await startRun(client, target, before, policy);
      await progress.started(target, run);
    }
    begun();
    tell(run.dispatched ? "dispatched" : "there already");
    if (!policy.wait) return outcome("dispatched");
    const taken = "take" in before && endingOf(before.take).over ? before.take : undefined;
    const listener = { state: (text: string) => tell(text), warn: progress.warn };
    return outcome(
      ...(await resultOf(client, target, taken ?? (await watchRun(client, target.repository, run.id, listener)))),
    );
  } catch (thrown) {
    if (signal.aborted) return outcome(...interrupted(signal, state, run));
    if (!(thrown instanceof FairleadError)) throw thrown;
    return outcome("failed", { reason: thrown.sentence });
  } finally {
    begun();
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

type Result = readonly [Outcome["status"], Partial<Outcome>];

async function resultOf(client: Client, { repository }: Target, run: WorkflowRun): Promise<Result> {
  const ending = endingOf(run);
  if (!ending.over) throw new Error(`run ${run.id} is not over`);
  const { conclusion } = ending;
  if (ending.succeeded) return ["succeeded", { conclusion }];
  // Without the names of the jobs, the conclusion is still worth telling.
  const jobs = await failedJobs(client, repository, run.id).catch(() => []);
  const [first] = jobs;
  const places = jobs.map(({ job, step }) => (step === undefined ? job : `${job} / ${step}`));
  const look = places.length === 0 ? "" : `; look at ${places.join(", ")}`;
  return ["failed", { conclusion, reason: `The run ended as ${spoken(conclusion)}${look}.`, ...first }];
}

function interrupted({ reason }: AbortSignal, state: string, run: Started | undefined): Result {
  const cancelled = reason instanceof FairleadError && reason.code === "CANCELLED";
  const why = cancelled ? "the job was cancelled" : "the time was up";
  if (run === undefined)
    return [cancelled ? "cancelled" : "failed", { reason: `It was not dispatched, because ${why}.` }];
  const sentence = `The run was still ${state || "out of sight"} when ${why}; it goes on without us.`;
  return [cancelled ? "cancelled" : "failed", { reason: sentence }];
}
