import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { validateFiles } from "../actions/validate/validate.ts";
import { openWorkshop } from "../test/manifests/helm.ts";
import { chartFolder, helmTest, type Values } from "./helm.testing.ts";
import { forms, rules } from "./limits.testing.ts";

const manifest = (spec: Values) =>
  JSON.stringify({
    apiVersion: "jterrazz.com/v1",
    kind: "Application",
    metadata: { name: "my-app" },
    spec,
    environments: { prod: {} },
  });

describe("a manifest with a value that Kubernetes refuses, or that cannot run", () => {
  helmTest("is refused with a code at a place, and its neighbour taken", async (t) => {
    const { workspace, helm } = await openWorkshop(t);
    const all = [...rules, ...forms];
    const files = all.flatMap((_, index) => [`bad-${index}.yaml`, `good-${index}.yaml`]);
    for (const [index, { bad, good }] of all.entries()) {
      writeFileSync(join(workspace, `bad-${index}.yaml`), manifest(bad));
      writeFileSync(join(workspace, `good-${index}.yaml`), manifest(good));
    }
    const { problems } = await validateFiles(files, { chart: chartFolder }, workspace, async () => helm);
    const told = (file: string) =>
      problems.filter((problem) => problem.file === file).map(({ code, path, message }) => ({ code, path, message }));
    for (const [index, { name, code, at }] of all.entries()) {
      await t.test(name, () => {
        const found = told(`bad-${index}.yaml`);
        assert.notDeepEqual(found, []);
        for (const problem of found) assert.deepEqual([problem.code, problem.path], [code, `spec.${at}`]);
        assert.deepEqual(told(`good-${index}.yaml`), []);
      });
    }
  });
});
