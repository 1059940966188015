import { main } from "../core/action.ts";
import { readSecretsInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(
  async (environment, context) => {
    const { count, names } = await run(readSecretsInputs(environment), context);
    context.runner.setOutput("count", String(count));
    context.runner.setOutput("names", JSON.stringify(names));
  },
  { systems: "any" },
);
