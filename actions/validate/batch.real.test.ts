import assert from "node:assert/strict";
import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { ensureTools } from "../../test/cluster/toolchain.ts";
import { recordingContext } from "../../test/context.ts";
import { bundledChart, openHelm } from "../core/helm.ts";
import { fitsBatch, renderBatch } from "./batch.ts";
import { readManifest } from "./manifest.ts";
import { renderObjects, resolveChecked, sourceOf } from "./resolve.ts";
import { declaredIn, validateFiles } from "./validate.ts";

const { helm: program } = await ensureTools(["helm"]);
const PATH = [dirname(program), process.env["PATH"]].join(delimiter);

async function open(test: TestContext) {
  const { context } = await recordingContext(test, { environment: { PATH } });
  return { context, helm: await openHelm(context) };
}

/** The documents without what only separates them. */
function documents(objects: string): string[] {
  const texts = objects.split(/^---$/m).map((text) => text.replace(/^# Source: .*$/m, "").trim());
  return texts.filter((text) => text !== "");
}

test("what is rendered together is what is rendered alone", async (test) => {
  const { context, helm } = await open(test);
  const root = join(bundledChart(), "..");
  const files = globSync("{chart/ci,examples/*/.deploy}/*.yaml", { cwd: root }).sort();
  const sources = await Promise.all(
    files.map(async (file) => await sourceOf(await readManifest(file, { workspace: root }), undefined, context)),
  );
  const wanted = sources
    .filter(fitsBatch)
    .flatMap((source) => ["", ...declaredIn(source.manifest)].map((environment) => ({ source, environment })));
  assert.ok(wanted.length > 5, `only ${wanted.length} fit together`);
  for (const [index, made] of (await renderBatch(wanted, helm)).entries()) {
    const { source, environment } = wanted[index] ?? assert.fail();
    const alone = await resolveChecked(source, environment, {}, helm);
    assert.deepEqual(made.resolved.application, alone.application);
    if (environment === "") continue;
    const objects = await renderObjects(source, environment, helm);
    assert.deepEqual(documents(made.objects), documents(objects), `${source.manifest.file} in ${environment}`);
  }
});

const manifest = (name: string, spec: string) =>
  `metadata: { name: ${name} }\nspec: ${spec}\nenvironments: { prod: {} }\n`;

test("a broken rule of one manifest is told as its own", async (test) => {
  const { context, helm } = await open(test);
  const { workspace } = context;
  writeFileSync(join(workspace, "good.yaml"), manifest("good", "{ port: 80 }"));
  writeFileSync(join(workspace, "bad.yaml"), manifest("bad", "{ port: 80, resources: { cpu: much } }"));
  const files = ["bad.yaml", "good.yaml"];
  const verdict = await validateFiles(files, { chart: bundledChart() }, workspace, async () => helm);
  assert.deepEqual(
    verdict.problems.map(({ file, code, line }) => [file, code, line]),
    [["bad.yaml", "APP_QUANTITY_INVALID", 2]],
  );
  assert.deepEqual(
    verdict.rendered.map((one) => one.manifest.file),
    ["good.yaml"],
  );
});

test("a manifest that stops Helm does not keep the others from being checked", async (test) => {
  const { context, helm } = await open(test);
  const { workspace } = context;
  const chart = join(context.folder, "chart");
  cpSync(bundledChart(), chart, { recursive: true });
  const printer = join(chart, "templates/kinds/_objects.tpl");
  const fault = '{{- if eq .application.name "bad" }}{{ fail "out of order" }}{{ end -}}';
  const start = '{{- define "fairlead.objects" -}}\n';
  const text = readFileSync(printer, "utf8");
  assert.ok(text.includes(start));
  writeFileSync(printer, text.replace(start, start + fault));
  for (const name of ["bad", "fine", "good"]) {
    writeFileSync(join(workspace, `${name}.yaml`), manifest(name, "{ port: 80 }"));
  }
  const files = ["bad.yaml", "fine.yaml", "good.yaml"];
  const verdict = await validateFiles(files, { chart }, workspace, async () => helm);
  assert.deepEqual(
    verdict.problems.map(({ file, code }) => [file, code]),
    [["bad.yaml", "APP_RENDER_FAILED"]],
  );
  assert.match(verdict.problems[0]?.message ?? "", /out of order/);
  assert.deepEqual(
    verdict.rendered.map((one) => one.manifest.file),
    ["fine.yaml", "good.yaml"],
  );
});
