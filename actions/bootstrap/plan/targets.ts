import { FairleadError } from "../../core/errors.ts";
import { mapSome } from "../../core/map-some.ts";
import type { Client } from "../api/client.ts";
import { spoken } from "../api/conclusions.ts";
import { type Repository, readFile, tagsThatBeginWith, workflowState } from "../api/github.ts";
import type { Outcome, Target } from "../target.ts";
import { environmentsOf, type LeftOut, type Ref, refsOf } from "./refs.ts";
import type { Surveyed } from "./survey.ts";
import { dispatchTrigger, problemsWithInputs } from "./workflow-file.ts";

/** What lines leave open. */
export interface TargetOptions {
  readonly workflow: string;
  readonly ref: string | undefined;
  readonly environments: readonly string[];
  readonly inputs: Readonly<Record<string, string>>;
}

/** What can be dispatched, and what cannot or need not be, with the reason. */
export interface Plan {
  readonly targets: readonly Target[];
  readonly others: readonly Outcome[];
}

const atOnce = 16;

/** Finds the refs of all repositories that were surveyed, and looks whether their workflows can be dispatched. */
export async function planTargets(
  surveyed: readonly Surveyed[],
  clientOf: (owner: string) => Client,
  options: TargetOptions,
): Promise<Plan> {
  const groups = [...Map.groupBy(surveyed, ({ line }) => line.owner.toLowerCase()).values()];
  const plans = await Promise.all(
    groups.map((ofOwner) =>
      mapSome(ofOwner, atOnce, async (one) => {
        return [one, await planOne(clientOf(one.line.owner), one, options)] as const;
      }),
    ),
  );
  const byLine = new Map(plans.flat());
  const ordered = surveyed.flatMap((one) => byLine.get(one) ?? []);
  return {
    targets: withoutDoubles(ordered.flatMap(({ targets }) => targets)),
    others: ordered.flatMap(({ others }) => others),
  };
}

async function planOne(client: Client, one: Surveyed, options: TargetOptions): Promise<Plan> {
  const { line, repository, discovered, fault, unreadable = false } = one;
  const workflow = line.workflow ?? options.workflow;
  const about = { repository: repository?.name ?? line.repository, workflow };
  // What nobody listed may lack a workflow without being broken.
  const status = discovered && !unreadable ? "skipped" : "failed";
  const other = (ref: string, environment: string, status: Outcome["status"], reason: string): Outcome => ({
    ...{ ...about, ref, environment, status, reason },
    ...{ dispatched: false, seconds: 0 },
  });
  const given = line.ref ?? options.ref ?? "";
  if (fault !== undefined || repository === undefined) {
    return { targets: [], others: [other(given, "", status, fault ?? "It was not looked at.")] };
  }
  try {
    const { refs, leftOut } = await refsToDeploy(client, one, repository, options);
    const aside = leftOut.map(({ environment, reason }) => other("", environment, "skipped", reason));
    const missing = await workflowFault(client, repository.name, workflow);
    if (missing !== undefined) {
      return { targets: [], others: [other(refs[0]?.ref ?? given, "", status, missing), ...aside] };
    }
    const plan: { targets: Target[]; others: Outcome[] } = { targets: [], others: aside };
    for (const { ref, environments } of refs) {
      const wrong = await triggerFault(client, repository, workflow, ref, options.inputs);
      if (wrong !== undefined) plan.others.push(other(ref, environments.join(", "), status, wrong));
      else plan.targets.push({ owner: line.owner, ...about, ref, environments, wave: line.wave ?? 1 });
    }
    return plan;
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "GITHUB_REJECTED") throw thrown;
    return { targets: [], others: [other(given, "", "failed", thrown.sentence)] };
  }
}

async function refsToDeploy(
  client: Client,
  { line, declared }: Surveyed,
  { name, defaultBranch }: Repository,
  { ref, environments: wanted }: TargetOptions,
): Promise<{ refs: readonly Ref[]; leftOut: readonly LeftOut[] }> {
  const given = line.ref ?? ref;
  if (given === undefined && declared !== undefined) {
    const tags = (start: string) => tagsThatBeginWith(client, name, start);
    return await refsOf(declared, { defaultBranch, tags }, wanted);
  }
  const one = given ?? defaultBranch;
  const environments = declared === undefined ? [] : environmentsOf(declared, one, defaultBranch);
  const unwanted = wanted.length > 0 && environments.length > 0 && !environments.some((each) => wanted.includes(each));
  return { refs: unwanted ? [] : [{ ref: one, environments }], leftOut: [] };
}

async function workflowFault(client: Client, repository: string, workflow: string): Promise<string | undefined> {
  const state = await workflowState(client, repository, workflow);
  if (state === "active") return undefined;
  if (state === undefined) {
    return `${repository} has no workflow ${workflow} on its default branch. Correct the line, or add the workflow.`;
  }
  return `The workflow ${workflow} of ${repository} is not active (${spoken(state)}). Enable it in the tab Actions.`;
}

/** What keeps a workflow from being dispatched on a ref: GitHub goes by the file as it is there. */
async function triggerFault(
  client: Client,
  { name }: Repository,
  workflow: string,
  ref: string,
  inputs: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const text = await readFile(client, name, `.github/workflows/${workflow}`, ref);
  const there = text === undefined ? undefined : await dispatchTrigger(text);
  const where = `The workflow ${workflow} of ${name} at ${ref}`;
  if (text === undefined) return `${name} has no ${ref}, or no workflow ${workflow} there. Correct the ref.`;
  if (there === undefined) return `${where} has no trigger \`workflow_dispatch\`. Add it to \`on:\`.`;
  const problems = problemsWithInputs(there, inputs);
  return problems.length === 0
    ? undefined
    : `${where} ${problems.join(", and ")}. Correct \`inputs\`, or the workflow.`;
}

function withoutDoubles(targets: readonly Target[]): Target[] {
  const known = new Set<string>();
  return targets.filter(({ repository, workflow, ref }) => {
    const key = `${repository.toLowerCase()} ${workflow} ${ref}`;
    return !known.has(key) && known.add(key);
  });
}
