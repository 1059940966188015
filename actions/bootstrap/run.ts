import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { mapSome } from "../core/map-some.ts";
import { deployOne, type Outcome } from "./deploy-one.ts";
import { type BootstrapInputs, tokenVariable } from "./inputs.ts";
import { failureOf, report } from "./report.ts";

/**
 * Dispatches the workflows of all targets, a few at a time, and reports them together.
 *
 * @throws FairleadError SECRET_MISSING before anything is dispatched, DISPATCH_FAILED after everything was tried.
 */
export async function run(inputs: BootstrapInputs, context: Context): Promise<void> {
  for (const token of Object.values(inputs.tokens)) context.masker.add(token);
  requireTokens(inputs);
  const plan = {
    wait: inputs.wait,
    dryRun: inputs.dryRun,
    end: performance.now() + inputs.timeout,
    say: (line: string) => context.runner.info(context.masker.redact(line)),
  };
  const outcomes = await mapSome(inputs.targets, inputs.concurrency, (target): Promise<Outcome> => {
    const token = inputs.tokens[target.owner.toLowerCase()] ?? "";
    return deployOne({ apiUrl: inputs.apiUrl, token, owner: target.owner, signal: context.signal }, target, plan);
  });
  report(context.runner, outcomes);
  const failure = failureOf(outcomes);
  if (failure !== undefined) throw failure;
}

function requireTokens({ targets, tokens }: BootstrapInputs): void {
  const owners = [...new Set(targets.map(({ owner }) => owner))].filter((owner) => !tokens[owner.toLowerCase()]);
  if (owners.length === 0) return;
  throw new FairleadError({
    code: "SECRET_MISSING",
    message: `There is no token for ${owners.join(", ")}, so nothing was dispatched.`,
    fix: `Add a line "owner=token" to \`tokens\`, or set ${owners.map(tokenVariable).join(", ")} in the \`env:\` of this step.`,
  });
}
