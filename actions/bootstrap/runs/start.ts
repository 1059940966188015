import { FairleadError } from "../../core/errors.ts";
import { type Client, Uncertain } from "../api/client.ts";
import { endingOf } from "../api/conclusions.ts";
import { dispatch, listRuns, type WorkflowRun } from "../api/github.ts";
import type { Target } from "../target.ts";

/** Milliseconds within which GitHub is taken to list a new run. It promises none; seconds are what people report. */
const untilListed = 15_000;
/** The same where it is known that there is one. */
const untilGivenUp = 60_000;
const betweenListings = 1_000;
const tries = 5;

/** What is started, and what is left alone. */
export interface StartPolicy {
  readonly only: "all" | "missing" | "failed";
  /** Runs that were dispatched from this time on belong to this bootstrap, which was interrupted; ISO 8601. */
  readonly since?: string | undefined;
  readonly inputs: Readonly<Record<string, string>>;
  /** Turned off for good by a server that does not know them. */
  readonly details: { wanted: boolean };
}

/** What is there before anything is started. */
export type Before =
  | { readonly take: WorkflowRun }
  | { readonly skip: string }
  | { readonly known: ReadonlySet<number>; readonly now: number };

/** A run to watch. */
export interface Started {
  readonly id: number;
  readonly url: string;
  /** False for a run that was there already. */
  readonly dispatched: boolean;
}

/** Looks whether a target's run is there already, or need not be. */
export async function lookBefore(client: Client, target: Target, policy: StartPolicy): Promise<Before> {
  const { runs, now } = await listRuns(client, target.repository, target.workflow, target.ref);
  const unfinished = runs.find((run) => !endingOf(run).over);
  if (unfinished !== undefined) return { take: unfinished };
  const ours = runs.find((run) => isOurs(run, client, policy.since));
  const [newest] = runs;
  if (policy.only === "failed") {
    const ending = newest && endingOf(newest);
    if (ending === undefined || !ending.over) return { skip: "It never ran on this ref." };
    if (ending.succeeded) return { skip: "Its newest run succeeded." };
  } else if (ours !== undefined) return { take: ours };
  return { known: new Set(runs.map(({ id }) => id)), now };
}

function isOurs({ event, createdAt, actor }: WorkflowRun, { login }: Client, since: string | undefined): boolean {
  if (since === undefined || event !== "workflow_dispatch") return false;
  const mine = login === undefined || actor === undefined || sameName(actor, login);
  return mine && Date.parse(createdAt) >= Date.parse(since);
}

function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/**
 * Dispatches a workflow and gives the run that this started: the one that GitHub names; on a server that names none, or
 * where the answer was lost, the oldest dispatched run of the same workflow, ref and user that was not there before.
 *
 * @throws FairleadError GITHUB_REJECTED, DISPATCH_FAILED
 */
export async function startRun(
  client: Client,
  target: Target,
  { known, now }: Extract<Before, { now: number }>,
  policy: StartPolicy,
): Promise<Started> {
  const { repository, workflow, ref } = target;
  const inputs = Object.keys(policy.inputs).length === 0 ? {} : { inputs: policy.inputs };
  const isNew = (run: WorkflowRun) => !known.has(run.id) && isOurs(run, client, isoSecond(now));
  for (let attempt = 1; ; attempt++) {
    try {
      const details = policy.details.wanted ? { return_run_details: true as const } : {};
      const answer = await dispatch(client, repository, workflow, { ref, ...inputs, ...details });
      if (answer.run !== undefined) return { id: answer.run, url: answer.url, dispatched: true };
      if (answer.outcome === "unknown details") {
        policy.details.wanted = false;
        continue;
      }
    } catch (thrown) {
      if (!(thrown instanceof Uncertain)) throw thrown;
      const found = await findRun(client, target, isNew, untilListed);
      if (found !== undefined) return found;
      if (attempt < tries) continue;
      throw failed(`${workflow} of ${repository} could not be dispatched: ${thrown.message}.`);
    }
    const found = await findRun(client, target, isNew, untilGivenUp);
    if (found !== undefined) return found;
    throw failed(`${workflow} of ${repository} was dispatched, but GitHub lists no new run of it.`);
  }
}

/** GitHub tells when a run was made in whole seconds. */
function isoSecond(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1_000) * 1_000).toISOString();
}

async function findRun(
  client: Client,
  { repository, workflow, ref }: Target,
  isNew: (run: WorkflowRun) => boolean,
  within: number,
): Promise<Started | undefined> {
  const end = client.clock.now() + within;
  for (;;) {
    const { runs } = await listRuns(client, repository, workflow, ref);
    const oldest = runs.filter(isNew).at(-1);
    if (oldest !== undefined) return { id: oldest.id, url: oldest.url, dispatched: true };
    if (client.clock.now() >= end) return undefined;
    await client.clock.sleep(betweenListings, client.signal);
  }
}

function failed(message: string): FairleadError {
  return new FairleadError({ code: "DISPATCH_FAILED", message, fix: "Look at the tab Actions of the repository." });
}
