import { matchesGlob } from "node:path";
import type { WorkflowRun } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import type { Declaration, DeployRule } from "../validate/application.ts";

/**
 * The environment that a push deploys: the one whose rule fits the branch or the tag of the run.
 *
 * @throws FairleadError ENVIRONMENT_UNKNOWN when none or several fit.
 */
export function chooseEnvironment({ environments }: Declaration, run: WorkflowRun): string {
  const fitting = Object.entries(environments)
    .filter(([, { deploy }]) => deploy !== undefined && fits(deploy, run))
    .map(([name]) => name);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const declared = Object.entries(environments).map(([name, { deploy }]) => `${name} (${describe(deploy)})`);
  throw new FairleadError({
    code: "ENVIRONMENT_UNKNOWN",
    message:
      fitting.length > 1
        ? `${run.ref} deploys ${fitting.join(" and ")}, but a run deploys one environment.`
        : `No environment follows ${run.ref || "this run"}; declared: ${declared.join(", ") || "none"}.`,
    fix: "Name one in the input `environment`, or change `environments.<name>.deploy` in the manifest.",
  });
}

function fits({ branch, tag }: DeployRule, { ref, defaultBranch }: WorkflowRun): boolean {
  if (branch !== undefined) return ref === `refs/heads/${branch || defaultBranch}`;
  const name = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  return tag !== undefined && name !== undefined && matchesGlob(name, tag);
}

function describe(rule: DeployRule | undefined): string {
  if (rule?.branch !== undefined) return rule.branch === "" ? "the default branch" : `branch ${rule.branch}`;
  return rule?.tag === undefined ? "only by name" : `tags ${rule.tag}`;
}
