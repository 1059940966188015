import { main } from "../core/action.ts";
import { deployInputs } from "./inputs.ts";
import { setDeployOutputs } from "./outputs.ts";
import { run } from "./run.ts";

await main(async (environment, context) => {
  const deployed = await run(deployInputs(environment), context);
  setDeployOutputs(context.runner, deployed);
  if (deployed.failure !== undefined) throw deployed.failure;
});
