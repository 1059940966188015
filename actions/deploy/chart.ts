import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "../core/context.ts";
import { bundledChart, type Helm } from "../core/helm.ts";
import { invalidInputs, type Parse } from "../core/inputs.ts";

/** The host of a registry, the path of a chart in it, and a tag or a digest. */
const fixedReference = /^oci:\/\/[^\s@/]+\/[^\s@:]+(:\w[\w.-]*|@sha256:[0-9a-f]{64})$/;

/** Reads the input `chart`: a folder, or a chart in a registry whose version is fixed. */
export const chartReference: Parse<string> = (value) => {
  if (!value.startsWith("oci://") || fixedReference.test(value)) return value;
  throw new Error("must end with the version of the chart, as in oci://registry.example.com/charts/app:3.0.0");
};

/**
 * The folder of the chart that a deploy renders: the one that travels with the action unless another is named.
 *
 * @param chart a folder, relative to the workspace, or a reference in a registry, which is fetched.
 * @throws FairleadError INPUT_INVALID for what is no chart of manifests, HELM_FAILED for what cannot be fetched.
 */
export async function findChart(
  chart: string | undefined,
  helm: Pick<Helm, "pull">,
  { workspace, folder }: Pick<Context, "workspace" | "folder">,
): Promise<string> {
  if (chart === undefined) return bundledChart();
  const found = chart.startsWith("oci://")
    ? await fetched(chart, helm, join(folder, "chart"))
    : resolve(workspace, chart);
  const missing = ["Chart.yaml", "values.schema.json"].filter((file) => !existsSync(join(found, file)));
  if (missing.length === 0) return found;
  throw invalidInputs([
    `\`chart\` names ${chart}, which has no ${missing.join(" and no ")}; a chart that reads manifests is made from fairlead's`,
  ]);
}

/** Helm unpacks a chart into a folder of the chart's own name. */
async function fetched(reference: string, helm: Pick<Helm, "pull">, folder: string): Promise<string> {
  await helm.pull(reference, folder);
  const names = await readdir(folder);
  return join(folder, names.find((name) => existsSync(join(folder, name, "Chart.yaml"))) ?? "");
}
