import { main } from "../core/action.ts";
import { setDeployOutputs } from "../deploy/outputs.ts";
import { pipelineInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(
  async (environment, context) => {
    const { deployed, images } = await run(pipelineInputs(environment), context);
    const [image = ""] = Object.values(images);
    context.runner.setOutput("image", image);
    context.runner.setOutput("digest", image.split("@")[1] ?? "");
    setDeployOutputs(context.runner, deployed);
    if (deployed.failure !== undefined) throw deployed.failure;
  },
  { ownSummary: true },
);
