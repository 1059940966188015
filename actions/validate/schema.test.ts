import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { explainer } from "./explain.ts";
import { languageOf, type Schema } from "./language.ts";
import type { Finding } from "./problem.ts";
import { openJudge } from "./schema.ts";

/** The findings as `path: message; hint`. */
function told(findings: readonly Finding[]): string[] {
  return findings.map(({ keys, message, hint }) => `${keys.join(".")}: ${message}${hint && `; ${hint}`}`);
}

const label = { type: "string", pattern: "^[a-z]+$" };
const closed = (properties: Schema, more: Schema = {}) => ({
  type: "object",
  additionalProperties: false,
  properties,
  ...more,
});

/** A language like the chart's, small and fixed. */
const spec = closed({
  port: { type: ["integer", "null"], maximum: 65535, description: "Port the container listens on. Default 3000." },
  replicas: { type: "integer", minimum: 0 },
  resources: closed({ cpu: { type: "string" }, memory: { type: "string" } }),
  limits: closed({ memory: { type: "string" } }),
  level: { enum: ["restricted", "baseline", null] },
  args: { type: "array", items: { type: "string" } },
  routes: { type: "array", items: closed({ host: { type: "string" }, public: {} }, { required: ["host"] }) },
});
const language = languageOf(
  closed(
    { spec: { $ref: "#/definitions/spec" }, environments: { propertyNames: label, additionalProperties: spec } },
    { definitions: { spec } },
  ),
);
const check = (content: unknown) => told(explainer(language)(content));

describe("the chart's schema", () => {
  const manifest = (environments: unknown) => ({ metadata: { name: "web" }, spec: { port: 3000 }, environments });
  const judge = openJudge(bundledChart());

  test("accepts the smallest manifest", async () => {
    assert.deepEqual(await judge.explain(manifest({ prod: null })), []);
  });

  test("names the key that was meant by a misspelt one in an environment", async () => {
    assert.deepEqual(told(await judge.explain(manifest({ prod: { replica: 2 } }))), [
      "environments.prod.replica: `replica` is not a key here; did you mean `replicas`?",
    ]);
  });
});

describe("a document that its schema refuses", () => {
  test("has the key named that was meant by a misspelt one, wherever it stands", () => {
    assert.deepEqual(check({ spec: { prot: 3000 }, environments: { prod: { replica: 2 } } }), [
      "spec.prot: `prot` is not a key here (known here: port, replicas, resources, limits, level, args, routes); did you mean `port`?",
      "environments.prod.replica: `replica` is not a key here (known here: port, replicas, resources, limits, level, args, routes); did you mean `replicas`?",
    ]);
  });

  test("is told where a key belongs that stands a level too high or too low", () => {
    const hints = (content: unknown) => explainer(language)(content).map(({ hint }) => hint);
    assert.deepEqual(hints({ spec: { cpu: "1", memory: "1Gi", resources: { replicas: 2 } }, port: 1 }), [
      "`cpu` belongs one level down, under `resources`",
      "`memory` belongs one level down, under `resources` or `limits`",
      "`replicas` belongs one level up, in spec",
      "`port` belongs one level down, under `spec`",
    ]);
  });

  test("has the keys of a place listed where nothing is near", () => {
    assert.deepEqual(check({ spec: { resources: { zzz: 1 } } }), [
      "spec.resources.zzz: `zzz` is not a key here (known here: cpu, memory)",
    ]);
  });

  test("has each wrong value said once, with what is allowed", () => {
    assert.deepEqual(check({ spec: { port: "3000", replicas: -1, level: "restrict", args: [8080, "a"] } }), [
      "spec.port: `3000` is not a whole number; write it without quotes: 3000",
      "spec.replicas: -1 is less than 0",
      "spec.level: `restrict` is not one of restricted and baseline; did you mean `restricted`?",
      'spec.args.0: 8080 is not text; write it in quotes: "8080"',
    ]);
    assert.deepEqual(check({ spec: { port: 70_000 } }), [
      "spec.port: 70000 is more than 65535; Port the container listens on",
    ]);
  });

  test("has a key called missing, but not when it is misspelt", () => {
    assert.deepEqual(check({ spec: { routes: [{ public: true }] } }), ["spec.routes.0.host: `host` is missing"]);
    assert.deepEqual(check({ spec: { routes: [{ hots: "a" }] } }), [
      "spec.routes.0.hots: `hots` is not a key here (known here: host, public); did you mean `host`?",
    ]);
  });

  test("has names judged as keys", () => {
    const [finding] = explainer(language)({ environments: { Staging: {} } });
    assert.deepEqual([finding?.keys, finding?.target], [["environments", "Staging"], "key"]);
  });
});

describe("a value of several forms", () => {
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
