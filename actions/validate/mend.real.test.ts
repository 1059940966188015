import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { ensureTools } from "../../test/cluster/toolchain.ts";
import { recordingContext } from "../../test/context.ts";
import { FairleadError } from "../core/errors.ts";
import { bundledChart, openHelm } from "../core/helm.ts";
import { validateFiles } from "./validate.ts";

const { helm: program } = await ensureTools(["helm"]);
const PATH = [dirname(program), process.env["PATH"]].join(delimiter);

async function problemsOf(t: TestContext, manifest: string) {
  const { context } = await recordingContext(t, { environment: { PATH } });
  const { workspace } = context;
  writeFileSync(join(workspace, "a.yaml"), manifest);
  const helm = await openHelm(context);
  const { problems } = await validateFiles(["a.yaml"], { chart: bundledChart() }, workspace, async () => helm);
  return problems.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

test("what the schema and YAML refuse hides no rule of the chart", async (t) => {
  const text = `metadata: { name: my-app }
spec:
  replcas: 1
  image: { tag: 1.10 }
  env: { A: { secret: nope/x } }
  resources: { cpu: much }
environments: { prod: {}, staging: {} }
`;
  assert.deepEqual(await problemsOf(t, text), [
    "3:3 APP_KEY_UNKNOWN",
    "4:17 YAML_NUMBER_TEXT",
    "5:13 APP_REFERENCE_UNKNOWN",
    "6:21 APP_QUANTITY_INVALID",
  ]);
});

test("no rule is told that only the mending broke", async (t) => {
  const text = `metadata: { name: my-app }
spec:
  replicas: 2
  ports: { web: many }
  ingress: { host: a.example.com, port: web }
environments: { prod: {} }
`;
  assert.deepEqual(await problemsOf(t, text), ["4:17 APP_VALUE_INVALID"]);
});

test("a file that is missing is told once", async (t) => {
  const text = `metadata: { name: my-app }
spec: { files: { /a: { file: absent.txt } }, resources: { cpu: much } }
environments: { prod: {} }
`;
  assert.deepEqual(await problemsOf(t, text), ["2:30 FILE_MISSING", "2:64 APP_QUANTITY_INVALID"]);
});

test("problems are told where Helm is missing", async (t) => {
  const { context } = await recordingContext(t, { environment: { PATH } });
  const { workspace } = context;
  writeFileSync(
    join(workspace, "a.yaml"),
    "metadata: { name: my-app }\nspec: { replcas: 1 }\nenvironments: { prod: }\n",
  );
  const absent = async () => {
    throw new FairleadError({ code: "TOOL_MISSING", message: "There is no Helm." });
  };
  const { problems } = await validateFiles(["a.yaml"], { chart: bundledChart() }, workspace, absent);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["APP_KEY_UNKNOWN"],
  );
});
