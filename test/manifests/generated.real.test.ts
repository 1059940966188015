// Manifests that are derived from the schema are right: they render in every environment, and Kubernetes takes the objects.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { bundledChart } from "../../actions/core/helm.ts";
import { mapSome } from "../../actions/core/map-some.ts";
import { sentenceOf } from "../../actions/validate/problem.ts";
import { validateFiles } from "../../actions/validate/validate.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { openWorld } from "../e2e/world.ts";
import { chooseSeed, howMany, seedVariable } from "../long.ts";
import { manifestGenerator } from "./generate.ts";
import { openWorkshop } from "./helm.ts";

const generate = manifestGenerator(JSON.parse(readFileSync(join(bundledChart(), "values.schema.json"), "utf8")));
const seed = chooseSeed();
const count = howMany(500, 5_000);
/** How many of them are shown to Helm 3, and to the API server. */
const sample = howMany(25, 250);
/** Helm takes `yes` for true where YAML 1.2 does not; so it stands in quotes. */
const yaml11 = { version: "1.1" } as const;
const workloads = /^kind: "?(Deployment|StatefulSet|DaemonSet|Job|CronJob)"?$/m;

/** A rendered object, as loose as YAML is. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into objects of every kind
type Loose = any;

test("the same seed gives the same manifest, another one another", () => {
  assert.deepEqual(generate(seed), generate(seed));
  assert.notDeepEqual(generate(seed), generate(seed + 1));
});

test(`${count} generated manifests (${seedVariable}=${seed}) have no problem in any environment`, async (t) => {
  const { workspace, helm } = await openWorkshop(t);
  const files = Array.from({ length: count }, (_, index) => `${seed + index}.yaml`);
  for (const [index, file] of files.entries()) {
    writeFileSync(join(workspace, file), stringify(generate(seed + index).content, yaml11));
  }
  const { problems, rendered } = await validateFiles(files, { chart: bundledChart() }, workspace, async () => helm);
  assert.deepEqual(problems.map(sentenceOf), []);
  assert.ok(rendered.length >= count);
  const empty = rendered.filter(({ objects }) => !workloads.test(objects));
  assert.deepEqual(
    empty.map(({ manifest, environment }) => `${manifest.file} ${environment}`),
    [],
  );
});

test(`${sample} of them render on Helm 3 as on Helm 4`, async () => {
  const { helm, helm3 } = await ensureTools(["helm", "helm3"]);
  for (const { content, environments } of Array.from({ length: sample }, (_, index) => generate(seed + index))) {
    const options = ["template", "release", bundledChart(), "--values", "-", "--set", `environment=${environments[0]}`];
    const [four, three] = await mapSome([helm, helm3], 2, async (program) => {
      const { rawOutput } = await run([program, ...options], { input: `${JSON.stringify(content)}\n` });
      // Helm 4 leaves a blank line before a separator where Helm 3 does not.
      return rawOutput.replaceAll(/\n+---/g, "\n---").trim();
    });
    assert.equal(three, four);
  }
});

test(`the API server takes all objects of ${sample} of them`, async (t) => {
  using world = await openWorld();
  const namespace = `generated-${randomBytes(3).toString("hex")}`;
  const { helm, kubectl } = await ensureTools(["helm", "kubectl"]);
  const administrator = [kubectl, "--kubeconfig", world.cluster.kubernetes.kubeconfig];
  await run([...administrator, "create", "namespace", namespace]);
  t.after(() => run([...administrator, "delete", "namespace", namespace, "--wait=false"]));
  const served = await kindsOf(administrator);
  const refused: string[] = [];
  const unknown = new Set<string>();
  for (const [index, { content, environments }] of Array.from({ length: sample }, (_, at) =>
    generate(seed + at),
  ).entries()) {
    const options = ["template", "release", bundledChart(), "--values", "-", "--set", `environment=${environments[0]}`];
    const { rawOutput } = await run([helm, ...options], { input: `${JSON.stringify(content)}\n` });
    const objects = parseAllDocuments(rawOutput).map((document): Loose => document.toJS());
    for (const { apiVersion, kind } of objects) if (!served.has(`${apiVersion} ${kind}`)) unknown.add(kind);
    const known = objects.filter(({ apiVersion, kind }) => served.has(`${apiVersion} ${kind}`));
    const input = known.map((object) => JSON.stringify(movedTo(namespace, object))).join("\n");
    const apply = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--output=name", "--filename=-"];
    const { code, errors } = await run([...administrator, ...apply], { input, accept: [0, 1], timeout: 60_000 });
    if (code !== 0) refused.push(`${seedVariable}=${seed + index} ${environments[0]}: ${errors}`);
  }
  assert.deepEqual(refused, []);
  // Kinds whose definitions the test cluster does not have.
  assert.deepEqual(
    [...unknown].filter((kind) => !["HTTPRoute", "ServiceMonitor", "InfisicalStaticSecret"].includes(kind)),
    [],
  );
});

function movedTo(namespace: string, object: Loose): Loose {
  if (object.metadata.namespace === undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** The kinds that a cluster serves, as `apiVersion kind`. */
async function kindsOf(administrator: readonly string[]): Promise<Set<string>> {
  const { rawOutput } = await run([...administrator, "api-resources", "--no-headers"]);
  const rows = rawOutput
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return new Set(rows.map((row) => `${row.at(-3)} ${row.at(-1)}`));
}
