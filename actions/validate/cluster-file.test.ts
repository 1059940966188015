import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { checkClusterFile } from "./cluster-file.ts";
import { validateFiles } from "./validate.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-cluster-"));
const workspace = join(folder, "checkout");
mkdirSync(workspace);
after(() => rmSync(folder, { recursive: true }));

async function problemsOf(text: string) {
  writeFileSync(join(workspace, "cluster.yaml"), text);
  const problems = await checkClusterFile(join(workspace, "cluster.yaml"), bundledChart(), workspace);
  return problems.map(({ file, line, column, code, hint }) => [`${file}:${line}:${column}`, code, hint]);
}

test("a sound cluster file has no problem", async () => {
  assert.deepEqual(await problemsOf("x-team: &team payments\ncluster:\n  registry: r.example.com\n"), []);
});

test("a misspelt key is found at its place in that file", async () => {
  assert.deepEqual(await problemsOf("cluster:\n  ingres: {}\n"), [
    ["cluster.yaml:2:3", "APP_KEY_UNKNOWN", "did you mean `ingress`?"],
  ]);
  const [first, ...others] = await problemsOf("clustr: { registry: r.example.com }\n");
  assert.deepEqual(first, ["cluster.yaml:1:1", "APP_KEY_UNKNOWN", "did you mean `cluster`?"]);
  assert.deepEqual(others, []);
});

test("it holds facts about the cluster, and nothing of a manifest", async () => {
  const [only, ...others] = await problemsOf("cluster: {}\nspec: { replicas: 9 }\n");
  assert.deepEqual([only?.slice(0, 2), others], [["cluster.yaml:2:1", "APP_KEY_UNKNOWN"], []]);
});

test("what is empty in it is no template fault later", async () => {
  for (const text of ["cluster:\n", "cluster: { ingress: null }\n"]) {
    const [only] = await problemsOf(text);
    assert.equal(only?.[1], "APP_VALUE_TYPE", text);
  }
  assert.equal((await problemsOf("x-team: 1\n"))[0]?.[1], "APP_KEY_MISSING");
});

test("traps and faults of YAML are told as in a manifest", async () => {
  const trapped = await problemsOf("cluster:\n  infisical: { project: 1.10 }\n");
  assert.deepEqual(trapped, [["cluster.yaml:2:25", "YAML_NUMBER_TEXT", 'write it in quotes: "1.10"']]);
  const [broken] = await problemsOf("cluster: {}\ncluster: {}\n");
  assert.deepEqual(broken?.slice(0, 2), ["cluster.yaml:2:1", "YAML_KEY_TWICE"]);
});

test("a missing file, and a link out of the repository, are problems of that file", async () => {
  const absent = await checkClusterFile(join(workspace, "absent.yaml"), bundledChart(), workspace);
  assert.deepEqual(
    absent.map(({ file, code, message }) => [file, code, message]),
    [["absent.yaml", "FILE_MISSING", "There is no cluster file at absent.yaml"]],
  );
  writeFileSync(join(folder, "outside.yaml"), "cluster: {}\n");
  symlinkSync(join(folder, "outside.yaml"), join(workspace, "link.yaml"));
  const linked = await checkClusterFile(join(workspace, "link.yaml"), bundledChart(), workspace);
  assert.deepEqual(
    linked.map(({ code }) => code),
    ["FILE_OUTSIDE"],
  );
});

test("manifests are not rendered with a broken cluster file, and still checked by themselves", async () => {
  writeFileSync(
    join(workspace, "good.yaml"),
    "metadata: { name: good }\nspec: { port: 80 }\nenvironments: { prod: }\n",
  );
  writeFileSync(join(workspace, "bad.yaml"), "metadata: { name: bad }\nspec: { prot: 80 }\nenvironments: { prod: }\n");
  writeFileSync(join(workspace, "cluster.yaml"), "cluster: { ingres: {} }\n");
  const rules = { chart: bundledChart(), clusterFile: join(workspace, "cluster.yaml") };
  const verdict = await validateFiles(["bad.yaml", "good.yaml"], rules, workspace, () =>
    assert.fail("Helm is not asked"),
  );
  assert.deepEqual(
    verdict.problems.map(({ file, path }) => [file, path]),
    [
      ["bad.yaml", "spec.prot"],
      ["cluster.yaml", "cluster.ingres"],
    ],
  );
});
