import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { writeBatchChart } from "../../actions/validate/batch.ts";
import { manifestOfComponents, webManifest, writeManifests } from "./manifests.ts";
import { each, inTurn, type Measured } from "./measure.ts";
import type { Bench, Subject } from "./subject.ts";

/** The chart: what many components cost. */
export const chart: Subject = async function* (bench) {
  const { helm } = await bench.tools(["helm"]);
  const [forty, eighty, nothing] = await inTurn(bench.rounds, render(40, helm, bench), render(80, helm, bench), {
    command: [helm, "version"],
    workingDirectory: bench.root,
  });
  if (forty === undefined || eighty === undefined || nothing === undefined) throw new Error("nothing was measured");
  yield { name: "40 components, against Helm doing nothing", measured: forty, against: nothing, atMost: 1_000 };
  yield { name: "80 components against 40", measured: eighty, against: forty, ratioAtMost: 2.3 };

  const files = writeManifests(bench.folder, 200, webManifest);
  const [together] = await inTurn(bench.rounds, await renderAll(files, helm, bench));
  const alone = await each(
    files.slice(0, samples).map((file) => renderOne(file, helm, bench)),
    files.length,
  );
  if (together === undefined) throw new Error("nothing was measured");
  yield {
    name: "200 manifests in one process, against one for each",
    measured: together,
    against: alone,
    ratioAtMost: 1 / 20,
  };
};

/** How many of the 200 are rendered alone; the rest is taken to be like them. */
const samples = 50;

/** As `fairlead validate` renders manifests that it checks together. */
async function renderAll(files: readonly string[], helm: string, { folder, root }: Bench): Promise<Measured> {
  const together = join(folder, "together");
  await writeBatchChart(together, join(root, "chart"));
  const values = join(folder, "together.json");
  const manifests = files.map((file) => ({ ...(parse(readFileSync(file, "utf8")) as object), environment: "prod" }));
  writeFileSync(values, JSON.stringify({ manifests }));
  return {
    command: [helm, "template", "shop", together, "--values", values],
    workingDirectory: root,
    check: expectDeployments(files.length),
  };
}

function renderOne(file: string, helm: string, { root }: Bench): Measured {
  return {
    command: [helm, "template", "shop", join(root, "chart"), "--values", file, "--set", "environment=prod"],
    workingDirectory: root,
    check: expectDeployments(1),
  };
}

function render(count: number, helm: string, { root, folder }: Bench) {
  const file = join(folder, `${count}-components.yaml`);
  writeFileSync(file, manifestOfComponents(count));
  return {
    command: [helm, "template", "shop", join(root, "chart"), "--values", file, "--set", "environment=prod"],
    workingDirectory: root,
    check: expectDeployments(count),
  };
}

function expectDeployments(count: number) {
  return (output: string) => {
    const found = output.match(/^kind: Deployment$/gm)?.length;
    if (found !== count) throw new Error(`${found} Deployments were rendered, not ${count}`);
  };
}
