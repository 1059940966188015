import { main } from "../core/action.ts";
import { deployInputs } from "./inputs.ts";
import { createJournal } from "./report/journal.ts";
import { published } from "./report/publish.ts";
import { run } from "./run.ts";

await main(
  async (environment, context) => {
    const inputs = deployInputs(environment);
    const journal = createJournal();
    const { deployed } = await published(journal, context, async () => ({
      deployed: await run(inputs, context, { journal }),
    }));
    if (deployed.failure !== undefined) throw deployed.failure;
  },
  { ownReport: true },
);
