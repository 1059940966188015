import type { Context } from "../core/context.ts";
import type { Environment } from "../core/inputs.ts";
import { deployInputs } from "./inputs.ts";
import { createJournal } from "./report/journal.ts";
import { published } from "./report/publish.ts";
import { type DeployOptions, run } from "./run.ts";

/**
 * The work of the action: reads its inputs, deploys, and tells what that came to.
 *
 * @throws FairleadError of whatever made it fail.
 */
export async function step(
  environment: Environment,
  context: Context,
  options: Pick<DeployOptions, "lease"> = {},
): Promise<void> {
  const inputs = deployInputs(environment);
  const journal = createJournal();
  const { deployed } = await published(journal, context, async () => ({
    deployed: await run(inputs, context, { ...options, journal }),
  }));
  if (deployed.failure !== undefined) throw deployed.failure;
}
