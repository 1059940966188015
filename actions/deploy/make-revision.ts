import type { Context } from "../core/context.ts";
import { valuesOf } from "../validate/resolve.ts";
import { takeBack } from "./handover/take-back.ts";
import { hooksOf, hookTime, watchHelm } from "./hooks.ts";
import { markOf } from "./lock/order.ts";
import { outlastLostAnswer } from "./recovery/lost-answer.ts";
import { giveUp, type Recovered, undoApply } from "./recovery/recover.ts";
import { keepMark, markDeployed, markMade } from "./releases/mark.ts";
import { isPending, type Revision, type RevisionWords, revisionLabels } from "./releases/revision.ts";
import { type Rolled, type Watched, watch } from "./rollout.ts";
import type { Failing } from "./tracking/tracker.ts";
import type { CheckResult } from "./verify/check.ts";
import { type Verification, verify } from "./verify/verify.ts";

/** A revision that is to be made. */
interface Making {
  readonly number: number;
  /** What is gone back to if it fails. */
  readonly baseline: Revision | undefined;
  /** What was applied last. */
  readonly before: RevisionWords | undefined;
}

/** Makes a revision, watches and checks it; gives what was done where it failed. */
export async function makeRevision(deploy: Watched, making: Making): Promise<Recovered | undefined> {
  const { journal } = deploy;
  const { number, baseline } = making;
  let failing: Failing | undefined;
  try {
    const isFault = (found: Failing | undefined) => found !== undefined;
    failing = await journal.stage("apply", () => apply(deploy, making), isFault);
  } catch (thrown) {
    return await undoApply(deploy, number, baseline, thrown);
  }
  if (failing !== undefined) return await giveUp(deploy, number, baseline, failing);
  const isFailing = ({ state }: Rolled) => state === "failing";
  const rolled = await journal.stage("rollout", () => watch(deploy, baseline !== undefined), isFailing);
  if (rolled.state === "failing") return await giveUp(deploy, number, baseline, rolled);
  if (!deploy.inputs.verify) return undefined;
  const hasFault = (one: Verification) => one.fault !== undefined;
  const { results, fault } = await journal.stage("verify", () => verify(deploy, rolled.expected), hasFault);
  journal.learn({ checks: results });
  tellChecks(results, deploy.context);
  if (fault === undefined) return undefined;
  const verdict = { state: "failing", fault, snapshot: deploy.store.snapshot() } as const;
  return await giveUp(deploy, number, baseline, verdict);
}

function tellChecks(results: readonly CheckResult[], { runner }: Context): void {
  for (const { name, outcome, said } of results) {
    if (outcome === "warned") runner.annotate("warning", `The check "${name}" failed: ${said}.`, "Verification");
    if (outcome === "unknown") runner.annotate("notice", `The check "${name}" was left open: ${said}.`, "Verification");
  }
}

/** Gives what went wrong in a hook, undefined when all was applied. */
async function apply(deploy: Watched, { number, baseline, before }: Making): Promise<Failing | undefined> {
  const { cluster, helm, source, inputs, application, context, values, end, rendered } = deploy;
  const { release, namespace } = application;
  const hooks = await hooksOf(rendered);
  const request = {
    release,
    namespace,
    chart: source.chart,
    values: valuesOf(source, { environment: inputs.environment, ...values }),
    labels: revisionLabels(number),
    description: `${context.run.commit.slice(0, 7)} ${context.run.url}`,
    timeout: hookTime(end),
    wait: hooks.after,
  };
  const upgrade = (signal: AbortSignal) => helm.upgrade({ ...request, signal });
  const failing = await outlastLostAnswer(deploy, number, async () => {
    if (hooks.any) return await watchHelm(deploy, baseline !== undefined, upgrade);
    await upgrade(context.signal);
    return undefined;
  });
  if (failing !== undefined) return failing;
  const [made] = await Promise.all([
    markMade(cluster, namespace, release, number, markOf(context.run)),
    keepMark(cluster, namespace, release, baseline),
  ]);
  if (isPending(made)) await markDeployed(cluster, namespace, release, number, request.description);
  const { applyMethod = "ssa" } = before ?? {};
  const applied = { before: before?.rendered, rendered, applyMethod };
  await takeBack(cluster, { release, namespace }, applied, (line) => context.runner.info(line));
  context.runner.info(`${release} revision ${number} is applied in namespace ${namespace}`);
  return undefined;
}
