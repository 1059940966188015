import { main } from "../core/action.ts";
import { readBootstrapInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(async (environment, context) => void (await run(readBootstrapInputs(environment), context)), {
  systems: "any",
});
