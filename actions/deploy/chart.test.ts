import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { bundledChart } from "../core/helm.ts";
import { chartReference, findChart } from "./chart.ts";

const digest = `sha256:${"a".repeat(64)}`;

for (const right of [
  "charts/app",
  "oci://localhost:5000/charts/app:3.0.0",
  `oci://registry.example.com/app@${digest}`,
]) {
  test(`${right} names a chart`, () => assert.equal(chartReference(right), right));
}

for (const wrong of [
  "oci://localhost:5000/charts/app",
  "oci://localhost:5000",
  "oci://registry/app@latest",
  "oci://",
]) {
  test(`${wrong} does not say which version`, () => {
    assert.throws(() => chartReference(wrong), /must end with the version of the chart/);
  });
}

const noRegistry = { pull: () => Promise.reject(new Error("nothing is fetched")) };

function writeChart(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of ["Chart.yaml", "values.schema.json"]) writeFileSync(join(folder, file), "{}");
}

test("the chart that travels with the action is the default", async (t) => {
  const { context } = await recordingContext(t);
  assert.equal(await findChart(undefined, noRegistry, context), bundledChart());
});

test("a folder is looked for in the workspace", async (t) => {
  const { context } = await recordingContext(t);
  writeChart(join(context.workspace, "deploy/chart"));
  assert.equal(await findChart("deploy/chart", noRegistry, context), join(context.workspace, "deploy/chart"));
  await assert.rejects(findChart("deploy", noRegistry, context), {
    code: "INPUT_INVALID",
    message: /no Chart\.yaml and no values\.schema\.json/,
  });
});

test("a chart of a registry is the folder that Helm unpacks, whatever else lies beside it", async (t) => {
  const { context } = await recordingContext(t);
  const pull = async (_: string, folder: string) => {
    mkdirSync(join(folder, "app:3.0.0"), { recursive: true });
    writeChart(join(folder, "app"));
  };
  const found = await findChart("oci://registry.example.com/charts/app:3.0.0", { pull }, context);
  assert.equal(found, join(context.folder, "chart/app"));
});
