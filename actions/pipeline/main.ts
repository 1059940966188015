import { main } from "../core/action.ts";
import { pipelineInputs } from "./inputs.ts";
import { run } from "./run.ts";

await main(
  async (environment, context) => {
    const { deployed, images } = await run(pipelineInputs(environment), context);
    context.runner.setOutput(
      "image",
      oneOrLines(images, (image) => image),
    );
    context.runner.setOutput(
      "digest",
      oneOrLines(images, (image) => image.split("@")[1] ?? ""),
    );
    if (deployed.failure !== undefined) throw deployed.failure;
  },
  { ownReport: true },
);

/** The one value, or lines `component=value` where several images were made. */
function oneOrLines(images: Readonly<Record<string, string>>, part: (image: string) => string): string {
  const entries = Object.entries(images).map(([component, image]) => [component, part(image)] as const);
  const values = new Set(entries.map(([, value]) => value));
  if (values.size <= 1) return [...values].join("");
  return entries.map(([component, value]) => `${component}=${value}`).join("\n");
}
