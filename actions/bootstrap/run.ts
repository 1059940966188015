import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { invalidInputs } from "../core/inputs.ts";
import { type OwnerClient, openClients, together } from "./access/clients.ts";
import type { Connection } from "./api/client.ts";
import { type Clock, deadline, realClock } from "./api/clock.ts";
import { startOfRun, tryPermission } from "./api/github.ts";
import { sendOverHttp } from "./api/send.ts";
import { type Credentials, clusterFacts, findCredentials } from "./credentials.ts";
import type { BootstrapInputs } from "./inputs.ts";
import { liveTable } from "./live.ts";
import { type Line, repositoryFile } from "./plan/list.ts";
import { chartReader, type ReadManifests } from "./plan/manifests.ts";
import { existingReleases, splitMissing } from "./plan/missing.ts";
import { type Surveyed, survey } from "./plan/survey.ts";
import { planTargets } from "./plan/targets.ts";
import { clusterOf, preflight } from "./preflight.ts";
import { failureOf, report, textTable, totals } from "./report.ts";
import { cancelNotedRuns, forgetRuns, noteRun, noteToken } from "./runs/cancel.ts";
import { deployAll } from "./runs/fleet.ts";
import { untilListed } from "./runs/start.ts";
import type { Outcome, Target } from "./target.ts";

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
  const start = clock.now();
  const timeUp = new FairleadError({ code: "TIMEOUT", message: "The time was up.", fix: "Raise `timeout`." });
  using limit = deadline(clock, inputs.timeout, context.signal, timeUp);
  const say = (line: string) => context.runner.info(context.masker.redact(line));
  const connection: Connection = { apiUrl: inputs.apiUrl, clock, send, signal: limit.signal, say };
  const prepared = await prepare(inputs, connection, readManifests, context);
  const { targets, others, clients } = prepared;
  say(`${targets.length} to look at${others.length === 0 ? "" : `; ${totals(others)}`}.`);
  const since = inputs.since ?? (await interruptedSince(clients, context));
  const screen = {
    line: say,
    table: (heading: string, lines: readonly string[]) => context.runner.group(heading, lines),
  };
  const live = liveTable(targets, clock, screen);
  const cancels = inputs.cancelRuns && !inputs.dryRun;
  const outcomes = await deployAll(targets, ({ owner }) => clientOf(clients, owner), inputs.concurrency, {
    ...{ wait: inputs.wait, dryRun: inputs.dryRun, only: inputs.only, inputs: inputs.inputs, since },
    settled: since === undefined ? start : start + untilListed,
    details: { wanted: true },
    progress: {
      state: live.state,
      warn: (message) => context.runner.annotate("warning", context.masker.redact(message), "Bootstrap"),
      async started({ owner, repository }, { id }) {
        if (!cancels) return;
        const token = await clientOf(clients, owner).token();
        noteRun({ apiUrl: inputs.apiUrl, owner, token, repository, id }, context);
      },
    },
  });
  return await conclude([...outcomes, ...others], inputs, context);
}

async function conclude(outcomes: Outcome[], { cancelRuns }: BootstrapInputs, context: Context): Promise<Outcome[]> {
  const { runner, signal } = context;
  if (signal.aborted && cancelRuns) {
    const cancelled = await cancelNotedRuns(context, AbortSignal.timeout(cancelTimeout));
    runner.info(`${cancelled} runs were cancelled.`);
  } else await forgetRuns(context);
  runner.group(`Bootstrap: ${totals(outcomes)}`, textTable(outcomes));
  report(runner, outcomes);
  signal.throwIfAborted();
  const failure = failureOf(outcomes);
  if (failure !== undefined) throw failure;
  return outcomes;
}

interface Prepared {
  readonly targets: readonly Target[];
  readonly others: readonly Outcome[];
  readonly clients: ReadonlyMap<string, OwnerClient>;
}

/** Everything up to the first dispatch. */
async function prepare(
  inputs: BootstrapInputs,
  connection: Connection,
  readManifests: ReadManifests,
  context: Context,
): Promise<Prepared> {
  const lines = await linesOf(inputs, context);
  const owners = namesOnce([...lines.map(({ owner }) => owner), ...inputs.owners]);
  const facts = await clusterFacts(inputs, context);
  const credentials = await findCredentials(inputs, owners, facts, context);
  const made = (token: string) => {
    context.masker.add(token);
    noteToken({ apiUrl: inputs.apiUrl, token }, context);
  };
  const source = { tokens: credentials.tokens, app: inputs.app, made };
  const [clients] = await Promise.all([
    openClients(connection, owners, source),
    preflight(inputs, credentials, facts, context),
  ]);
  const discovered = new Set(inputs.owners.map((owner) => owner.toLowerCase()));
  const surveyed = await survey(clients, {
    ...{ lines, owners: inputs.owners, topic: inputs.topic, readManifests },
    // Only a look at everything has the time for what nobody asked for.
    alsoTold: inputs.dryRun ? owners.filter((owner) => !discovered.has(owner.toLowerCase())) : [],
    releases: inputs.only === "missing",
  });
  const plan = await planTargets(surveyed, (owner) => clientOf(clients, owner), {
    ...{ workflow: inputs.workflow, ref: inputs.ref, environments: inputs.environments, inputs: inputs.inputs },
  });
  await requirePermissions(plan.targets, clients);
  const selected = await select(plan.targets, surveyed, inputs, credentials, context);
  return { targets: selected.missing, others: [...selected.skipped, ...plan.others], clients };
}

async function linesOf({ repositories, owners }: BootstrapInputs, { workspace }: Context): Promise<readonly Line[]> {
  const lines = "file" in repositories ? await repositoryFile(repositories.file, workspace) : repositories;
  if (lines.length + owners.length > 0) return lines;
  throw invalidInputs(["neither `repositories` nor `owners` says what to deploy"]);
}

function namesOnce(names: readonly string[]): string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

function clientOf(clients: ReadonlyMap<string, OwnerClient>, owner: string): OwnerClient {
  const client = clients.get(owner.toLowerCase());
  if (client === undefined) throw new Error(`no client for ${owner}`);
  return client;
}

/** Asks for each owner whether the token may dispatch at all, before any of them is used. */
async function requirePermissions(
  targets: readonly Target[],
  clients: ReadonlyMap<string, OwnerClient>,
): Promise<void> {
  const firsts = [...Map.groupBy(targets, ({ owner }) => owner.toLowerCase()).values()].flatMap(
    ([first]) => first ?? [],
  );
  const refused = await Promise.all(
    firsts.map(async ({ owner, repository, workflow }) => {
      try {
        await tryPermission(clientOf(clients, owner), repository, workflow);
        return [];
      } catch (thrown) {
        if (thrown instanceof FairleadError && thrown.code === "GITHUB_REJECTED") return [thrown];
        throw thrown;
      }
    }),
  );
  if (refused.flat().length > 0) throw together(refused.flat());
}

async function select(
  targets: readonly Target[],
  surveyed: readonly Surveyed[],
  { only }: BootstrapInputs,
  credentials: Credentials,
  context: Context,
) {
  if (only !== "missing") return { missing: targets, skipped: [] };
  return splitMissing(targets, surveyed, await existingReleases(await clusterOf(credentials, context)));
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
