import { main } from "../core/action.ts";
import { readSecretsInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(
  async (environment, context) => {
    const { count, names, file } = await run(readSecretsInputs(environment), context);
    context.runner.setOutput("count", String(count));
    context.runner.setOutput("names", JSON.stringify(names));
    if (file !== undefined) context.runner.setOutput("file", file);
  },
  { systems: "any" },
);
