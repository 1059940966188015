import type { Context } from "../core/context.ts";
import type { Environment } from "../core/inputs.ts";
import { operateInputs } from "./inputs.ts";
import { outcomeOf, publish } from "./report.ts";
import { run } from "./run.ts";

/**
 * The work of the action: reads its inputs, does the operation, and tells what that came to.
 *
 * @throws FairleadError of whatever made it fail.
 */
export async function step(environment: Environment, context: Context): Promise<void> {
  const inputs = operateInputs(environment);
  const outcome = await run(inputs, context).catch(async (thrown) => {
    await publish(inputs, outcomeOf(thrown), context);
    throw thrown;
  });
  await publish(inputs, outcome, context);
  if (outcome.failure !== undefined) throw outcome.failure;
}
