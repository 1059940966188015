import { main } from "../core/action.ts";
import { readTailnetInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(async (environment, context) => {
  const { ip, hostname, version, connection, proxy } = await run(readTailnetInputs(environment), context);
  const outputs = { ip, hostname, version, connection: connection ?? "", proxy: proxy ?? "" };
  for (const [name, value] of Object.entries(outputs)) context.runner.setOutput(name, value);
});
