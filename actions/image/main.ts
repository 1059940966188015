import { main } from "../core/action.ts";
import { readImageInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(async (environment, context) => {
  const { image, digest, tags, metadata } = await run(readImageInputs(environment), context);
  const outputs = { image, digest, tags: tags.join("\n"), metadata };
  for (const [name, value] of Object.entries(outputs)) context.runner.setOutput(name, value);
});
