import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { findNearNames } from "./near-names.ts";
import { validateFiles } from "./validate.ts";

const spec = { components: { web: {}, worker: {} } };

function near(components: unknown) {
  return findNearNames({ spec, environments: { prod: { components } } }).map(({ keys, hint }) => [
    keys.join("."),
    hint,
  ]);
}

test("a component that only an environment has, and is called nearly as another, is most likely that one", () => {
  assert.deepEqual(near({ wep: { replicas: 3 }, web: { replicas: 3 } }), [
    ["environments.prod.components.wep", "did you mean `web`?"],
  ]);
  assert.deepEqual(near({ wrker: {}, queue: {} }), [["environments.prod.components.wrker", "did you mean `worker`?"]]);
});

test("one that stands by itself, and one that is taken away, is meant as it is", () => {
  assert.deepEqual(near({ web2: { image: "a/b:1" }, webs: { extends: "web" }, wex: { build: {} }, wec: null }), []);
  assert.deepEqual(near([]), []);
  assert.deepEqual(findNearNames({ spec: null, environments: { prod: null } }), []);
});

test("validate warns of it at its place", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-near-"));
  try {
    const text =
      "metadata: { name: a }\nspec: { components: { web: {} } }\nenvironments:\n  prod:\n    components: { wep: {} }\n";
    writeFileSync(join(folder, "a.yaml"), text);
    const rules = { chart: bundledChart(), render: false };
    const { problems, remarks } = await validateFiles(["a.yaml"], rules, folder, () =>
      assert.fail("nothing is rendered"),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      remarks.map(({ code, line, column, environment }) => [code, line, column, environment]),
      [["APP_COMPONENT_NEAR", 5, 19, ""]],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
