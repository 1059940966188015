import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { clientOf, type OwnerClient } from "./access/clients.ts";
import type { Connection } from "./api/client.ts";
import { type Clock, deadline, realClock } from "./api/clock.ts";
import { startOfRun } from "./api/github.ts";
import { untilForgotten } from "./api/limits.ts";
import { sendOverHttp } from "./api/send.ts";
import type { BootstrapInputs } from "./inputs.ts";
import { type LiveTable, liveTable } from "./live.ts";
import { chartReader, type ReadManifests } from "./plan/manifests.ts";
import { prepare } from "./prepare.ts";
import { failureOf, report, textTable, totals } from "./report.ts";
import { cancelNotedRuns, forgetRuns, noteRun } from "./runs/cancel.ts";
import type { Progress } from "./runs/deploy.ts";
import { deployAll } from "./runs/fleet.ts";
import type { Outcome } from "./target.ts";

/** What a bootstrap touches outside of its context; tests bring their own. */
export interface Outside {
  readonly clock: Clock;
  readonly send: Connection["send"];
  readonly readManifests: ReadManifests;
}

/** Milliseconds for cancelling runs before the runner ends this process; the post step does the rest. */
const cancelTimeout = 6_000;

/**
 * Dispatches the deploy workflows of all repositories, waits for them, and reports them together.
 *
 * @returns an outcome for everything that was asked for.
 * @throws FairleadError SECRET_MISSING, GITHUB_REJECTED, PREFLIGHT_FAILED before anything is dispatched; DISPATCH_FAILED
 *   after everything was tried; CANCELLED.
 */
export async function run(
  inputs: BootstrapInputs,
  context: Context,
  outside: Partial<Outside> = {},
): Promise<Outcome[]> {
  const { clock = realClock, send = sendOverHttp } = outside;
  const readManifests = outside.readManifests ?? chartReader(context, inputs);
  const timeUp = new FairleadError({ code: "TIMEOUT", message: "The time was up.", fix: "Raise `timeout`." });
  using limit = deadline(clock, inputs.timeout, context.signal, timeUp);
  // What GitHub and its users wrote may have several lines, and a line of its own may be a command to the runner.
  const clean = (text: string) => context.masker.redact(text.replaceAll(/\s*[\r\n]+\s*/g, " "));
  const say = (line: string) => context.runner.info(clean(line));
  const connection: Connection = { apiUrl: inputs.apiUrl, clock, send, signal: limit.signal, say };
  if (inputs.since !== undefined || context.run.attempt > 1) await letPass(connection);
  const { targets, others, clients } = await prepare(inputs, connection, readManifests, context);
  say(`${targets.length} to look at${others.length === 0 ? "" : `; ${totals(others)}`}.`);
  const since = inputs.since ?? (await interruptedSince(clients, context));
  const table = (heading: string, lines: readonly string[]) => context.runner.group(heading, lines.map(clean));
  const live = liveTable(targets, clock, { line: say, table });
  const outcomes = await deployAll(targets, ({ owner }) => clientOf(clients, owner), inputs.concurrency, {
    ...{ wait: inputs.wait, dryRun: inputs.dryRun, only: inputs.only, inputs: inputs.inputs, since },
    details: { wanted: true },
    progress: progressOf(live, clients, inputs, context),
  });
  return await conclude([...outcomes, ...others], inputs, table, context);
}

/**
 * Waits until a bootstrap that was interrupted just now matters no more: how much of the limits of a minute it used is not
 * known, and GitHub may not list yet what it started last.
 */
async function letPass({ clock, signal, say }: Connection): Promise<void> {
  say(`What an interrupted bootstrap used of GitHub's limits is not known: waiting ${untilForgotten / 1_000} s`);
  await clock.sleep(untilForgotten, signal);
}

/** Shows what happens, and notes the runs that are to be cancelled with the job. */
function progressOf(
  live: LiveTable,
  clients: ReadonlyMap<string, OwnerClient>,
  { apiUrl, cancelRuns }: BootstrapInputs,
  context: Context,
): Progress {
  return {
    state: live.state,
    warn: (message) => context.runner.annotate("warning", context.masker.redact(message), "Bootstrap"),
    async started({ owner, repository }, { id }) {
      if (!cancelRuns) return;
      const token = await clientOf(clients, owner).token();
      noteRun({ apiUrl, owner: owner.toLowerCase(), token, repository, id }, context);
    },
  };
}

/** Cancels what is to be cancelled, and tells what became of everything. */
async function conclude(
  outcomes: Outcome[],
  { cancelRuns }: BootstrapInputs,
  table: (heading: string, lines: readonly string[]) => void,
  context: Context,
): Promise<Outcome[]> {
  const { runner, signal } = context;
  if (signal.aborted && cancelRuns) {
    // What became of everything is told whatever happens here; the post step tries again.
    await cancelNotedRuns(context, AbortSignal.timeout(cancelTimeout)).then(
      (cancelled) => runner.info(`${cancelled} runs were cancelled.`),
      (thrown) => runner.annotate("warning", context.masker.redact(messageOf(thrown)), "Bootstrap"),
    );
  } else await forgetRuns(context);
  table(`Bootstrap: ${totals(outcomes)}`, textTable(outcomes));
  report(runner, outcomes);
  signal.throwIfAborted();
  const failure = failureOf(outcomes);
  if (failure !== undefined) throw failure;
  return outcomes;
}

/** When the first attempt of this very run began: what it dispatched must not be dispatched again by this one. */
async function interruptedSince(clients: ReadonlyMap<string, OwnerClient>, { run: own, runner }: Context) {
  if (own.attempt < 2 || own.id === "") return undefined;
  const [owner = ""] = own.repository.toLowerCase().split("/");
  const client = clients.get(owner) ?? [...clients.values()][0];
  const since =
    client === undefined ? undefined : await startOfRun(client, own.repository, own.id).catch(() => undefined);
  if (since === undefined) {
    const message =
      "When the first attempt began cannot be read, so what it dispatched and is over is dispatched again.";
    runner.annotate("notice", message, "Bootstrap");
  }
  return since;
}
