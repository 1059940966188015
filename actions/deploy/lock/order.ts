import type { WorkflowRun } from "../../core/context.ts";
import type { Revision, RunMark } from "../releases/revision.ts";

/** What a revision remembers of the run that made it. */
export function markOf({ repository, workflow, number, commit }: WorkflowRun): RunMark {
  return { repository, workflow, number, commit };
}

/**
 * The newer run that a deploy stands behind, if there is one: an older run must not replace a newer one unless a person
 * asked for it, by a re-run or by hand.
 */
export function newerRun(deployed: Revision | undefined, run: WorkflowRun): RunMark | undefined {
  const made = deployed?.madeBy;
  if (made === undefined || run.event === "workflow_dispatch" || run.attempt > 1) return undefined;
  const sameSequence = made.repository === run.repository && made.workflow === run.workflow;
  return sameSequence && run.number < made.number ? made : undefined;
}
