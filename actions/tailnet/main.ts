import { main } from "../core/action.ts";
import { readTailnetInputs } from "./inputs.ts";

await main(async (environment, context) => {
  const inputs = readTailnetInputs(environment);
  // What joins is only loaded for inputs that are right.
  const { run } = await import("./run.ts");
  const { ip, hostname, version, connection, proxy } = await run(inputs, context);
  const outputs = { ip, hostname, version, connection: connection ?? "", proxy: proxy ?? "" };
  for (const [name, value] of Object.entries(outputs)) context.runner.setOutput(name, value);
});
