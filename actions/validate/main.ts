import { AlreadyReported, main } from "../core/action.ts";
import { validateInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(
  async (environment, context) => {
    const { problems, errors, diff } = await run(validateInputs(environment), context);
    context.runner.setOutput("valid", String(problems.length === 0));
    context.runner.setOutput("errors", errors);
    context.runner.setOutput("diff", diff);
    if (problems.length > 0) throw new AlreadyReported();
  },
  { systems: "any" },
);
