import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestOfComponents } from "./manifests.ts";
import { inTurn } from "./measure.ts";
import type { Bench, Subject } from "./subject.ts";

/** The chart: what many components cost. */
export const chart: Subject = async function* (bench) {
  const { helm } = await bench.tools(["helm"]);
  const [forty, eighty, nothing] = await inTurn(bench.rounds, render(40, helm, bench), render(80, helm, bench), {
    command: [helm, "version"],
    workingDirectory: bench.root,
  });
  if (forty === undefined || eighty === undefined || nothing === undefined) throw new Error("nothing was measured");
  yield { name: "40 components, against Helm doing nothing", measured: forty, against: nothing, timeAtMost: 1_000 };
  yield { name: "80 components against 40", measured: eighty, against: forty, ratioAtMost: 2.3 };
};

function render(count: number, helm: string, { root, folder }: Bench) {
  const file = join(folder, `${count}-components.yaml`);
  writeFileSync(file, manifestOfComponents(count));
  return {
    command: [helm, "template", "shop", join(root, "chart"), "--values", file, "--set", "environment=prod"],
    workingDirectory: root,
    check(output: string) {
      const found = output.match(/^kind: Deployment$/gm)?.length;
      if (found !== count) throw new Error(`${found} Deployments were rendered, not ${count}`);
    },
  };
}
