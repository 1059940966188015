import { FairleadError } from "../core/errors.ts";
import { poll } from "../core/retry.ts";
import { type Access, dispatch, dispatchedRuns, type WorkflowRun } from "./github.ts";

const lookInterval = 1_000;
const untilListed = 60_000;

/** A workflow on a branch or tag, about to be dispatched. */
export interface Start {
  readonly repository: string;
  readonly workflow: string;
  readonly ref: string;
  /** A time on GitHub's clock before the dispatch. */
  readonly since: Date;
}

/**
 * Dispatches a workflow and gives the run that this started: the one that GitHub names, or on a server that names none,
 * the oldest dispatched run of this workflow and ref that was not there before.
 *
 * @throws FairleadError GITHUB_REJECTED, DISPATCH_FAILED
 */
export async function startRun(access: Access, start: Start): Promise<WorkflowRun> {
  const { repository, workflow, ref } = start;
  const first = await dispatch(access, repository, workflow, ref, true);
  if (first.run !== undefined) return first.run;
  if (first.outcome === "accepted") return findRun(access, start, new Set());
  const before = await dispatchedRuns(access, repository, workflow, start);
  await dispatch(access, repository, workflow, ref, false);
  return findRun(access, start, new Set(before.map(({ id }) => id)));
}

function findRun(access: Access, start: Start, known: ReadonlySet<number>): Promise<WorkflowRun> {
  const { repository, workflow } = start;
  const onTimeout = () =>
    new FairleadError({
      code: "DISPATCH_FAILED",
      message: `${workflow} of ${repository} was dispatched, but GitHub lists no new run of it.`,
      fix: "Look at the tab Actions of the repository.",
    });
  return poll({ interval: lookInterval, timeout: untilListed, signal: access.signal, onTimeout }, async () => {
    const runs = await dispatchedRuns(access, repository, workflow, start);
    const oldest = runs.filter(({ id }) => !known.has(id)).at(-1);
    return oldest === undefined ? { waiting: "no new run" } : { done: oldest };
  });
}
