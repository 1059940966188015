import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { explainer } from "./explain.ts";
import { languageOf, type Schema } from "./language.ts";
import { checkSchema } from "./schema.ts";

const manifest = (spec: unknown, environments: unknown = { prod: null }) => ({
  apiVersion: "jterrazz.com/v1",
  kind: "Application",
  metadata: { name: "web" },
  spec,
  environments,
});

/** The findings as `path: message; hint`. */
async function check(content: unknown): Promise<string[]> {
  const findings = await checkSchema(content, bundledChart());
  return findings.map(({ keys, message, hint }) => `${keys.join(".")}: ${message}${hint && `; ${hint}`}`);
}

describe("the chart's schema", () => {
  test("accepts the smallest manifest", async () => {
    assert.deepEqual(await check(manifest({ port: 3000 })), []);
  });

  test("names the key that was meant by a misspelt one, in spec and in an environment", async () => {
    assert.deepEqual(await check(manifest({ prot: 3000 }, { prod: { replica: 2 } })), [
      "spec.prot: `prot` is not a key here; did you mean `port`?",
      "environments.prod.replica: `replica` is not a key here; did you mean `replicas`?",
    ]);
  });

  test("says where a key belongs that stands a level too high or too low", async () => {
    assert.deepEqual(await check({ ...manifest({ memory: "1Gi", resources: { replicas: 2 } }), port: 1 }), [
      "spec.memory: `memory` is not a key here; `memory` belongs one level down, under `resources`",
      "spec.resources.replicas: `replicas` is not a key here (known here: cpu, memory, memoryLimit, cpuLimit); " +
        "`replicas` belongs one level up, in spec",
      "port: `port` is not a key here (known here: apiVersion, kind, metadata, spec, environments, environment, cluster, " +
        "deploy, registry, global); `port` belongs one level down, under `spec`",
    ]);
  });

  test("lists the keys of a place where nothing is near", async () => {
    assert.deepEqual(await check(manifest({ resources: { zzz: 1 } })), [
      "spec.resources.zzz: `zzz` is not a key here (known here: cpu, memory, memoryLimit, cpuLimit)",
    ]);
  });

  test("says each wrong value once, with what is allowed", async () => {
    const spec = { port: "3000", replicas: -1, podSecurity: "restrict", image: {}, args: [8080, "a"], rollback: "x" };
    assert.deepEqual(await check(manifest(spec)), [
      "spec.port: `3000` is not a whole number; write it without quotes: 3000",
      "spec.replicas: -1 is less than 0; Number of pods",
      "spec.podSecurity: `restrict` is not one of restricted, baseline and privileged; did you mean `restricted`?",
      'spec.args.0: 8080 is not text; write it in quotes: "8080"',
      "spec.rollback: `x` is not one of never and auto",
    ]);
  });

  test("does not call a misspelt key missing as well", async () => {
    const middlewares = [{ nam: "limit" }];
    assert.deepEqual(await check(manifest({ ingress: { host: "a.example.com", middlewares } })), [
      "spec.ingress.middlewares.0.nam: `nam` is not a key here (known here: name, namespace); did you mean `name`?",
    ]);
  });

  test("names a key that is missing from a list's entry", async () => {
    assert.deepEqual(await check(manifest({ ingress: [{ host: "a.example.com" }] })), [
      "spec.ingress.0.public: `public` is missing",
    ]);
  });

  test("judges the names of environments as keys", async () => {
    const [finding] = await checkSchema(manifest({}, { Staging: {} }), bundledChart());
    assert.deepEqual([finding?.keys, finding?.target], [["environments", "Staging"], "key"]);
  });
});

describe("a value of several forms", () => {
  const closed = (properties: Schema, more: Schema = {}) => ({
    type: "object",
    additionalProperties: false,
    properties,
    ...more,
  });
  const file = closed({ file: { type: "string" }, restart: { type: "boolean" } });
  const text = closed({ content: { type: "string" }, mode: { type: "string" } });
  const job = closed({ kind: { const: "Job" }, schedule: { type: "string" } });
  const server = closed({ kind: { const: "Deployment" }, port: { type: "integer" } });

  const problems = (schema: Schema, value: unknown) =>
    explainer(languageOf(schema))(value).map(({ keys, message }) => `${keys.join(".")}: ${message}`);

  test("is explained by the form whose keys it has", () => {
    const schema = { definitions: { file }, anyOf: [{ type: "string" }, { $ref: "#/definitions/file" }, text] };
    assert.deepEqual(problems(schema, { file: "a", restart: "yes" }), ["restart: `yes` is not true or false"]);
    assert.deepEqual(problems(schema, { content: 5 }), ["content: 5 is not text"]);
  });

  test("is explained by the form that its kind names", () => {
    const schema = { oneOf: [server, job] };
    assert.deepEqual(problems(schema, { kind: "Job", schedule: 5, port: 1 }), [
      "schedule: 5 is not text",
      "port: `port` is not a key here (known here: kind, schedule)",
    ]);
  });

  test("of no allowed type names all that are allowed", () => {
    assert.deepEqual(problems({ anyOf: [{ type: "string" }, file] }, 5), [": 5 is not text or a mapping"]);
  });

  test("that needs one key of several says which", () => {
    const choice = { oneOf: [{ required: ["file"] }, { required: ["content"] }] };
    assert.deepEqual(problems(choice, {}), [": one of file and content must be given"]);
    assert.deepEqual(problems(choice, { file: 1, content: 1 }), [": only one of file and content may be given"]);
    assert.deepEqual(problems(choice, { file: 1 }), []);
  });

  test("is judged by the branch that its condition chooses", () => {
    const schema = {
      if: { properties: { kind: { const: "Job" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
      then: { required: ["schedule"] },
      else: { required: ["port"] },
    };
    assert.deepEqual(problems(schema, { kind: "Job" }), ["schedule: `schedule` is missing"]);
    assert.deepEqual(problems(schema, { kind: "Server" }), ["port: `port` is missing"]);
  });
});
