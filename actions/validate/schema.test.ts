import assert from "node:assert/strict";
import { test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { checkSchema } from "./schema.ts";

const manifest = (spec: unknown, environments: unknown = { prod: null }) => ({
  apiVersion: "jterrazz.com/v1",
  kind: "Application",
  metadata: { name: "web" },
  spec,
  environments,
});

const check = (content: unknown) => checkSchema(content, bundledChart());

test("the smallest manifest is valid", async () => {
  assert.deepEqual(await check(manifest({ port: 3000 })), []);
});

test("a misspelt key is named with the one that was meant", async () => {
  const [error] = await check(manifest({ prot: 3000 }));
  assert.equal(error?.path, "spec.prot");
  assert.match(error?.message ?? "", /`prot` is not a key; did you mean `port`\?/);
});

test("a misspelt key in an environment is found as well", async () => {
  const [error] = await check(manifest({ port: 3000 }, { prod: { replica: 2 } }));
  assert.equal(error?.path, "environments.prod.replica");
  assert.match(error?.message ?? "", /did you mean `replicas`/);
});

test("every problem is reported, each with its path and value", async () => {
  const errors = await check(manifest({ port: "many", nonsense: true }));
  assert.deepEqual(errors.map(({ path }) => path).sort(), ["spec.nonsense", "spec.port"]);
  assert.match(errors.find(({ path }) => path === "spec.port")?.message ?? "", /"many"/);
});
