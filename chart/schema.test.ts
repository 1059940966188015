import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Ajv, type Schema } from "ajv";
import { parse } from "yaml";
import { allKeys, surroundings, withValue } from "./keys.testing.ts";

const folder = import.meta.dirname;
const schema = JSON.parse(readFileSync(join(folder, "values.schema.json"), "utf8"));
const keywords = ["x-consumer", "x-inline"];
const validate = new Ajv({ strict: true, allowUnionTypes: true, keywords, logger: false }).compile(schema as Schema);

function read(path: string): unknown {
  return parse(readFileSync(join(folder, path), "utf8"));
}

/** Every object schema below a schema, with its path. */
function* objectSchemas(node: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== "object" || node === null) return;
  const fields = node as Record<string, unknown>;
  if ("properties" in fields || [fields["type"]].flat().includes("object")) yield [path, fields];
  for (const [key, value] of Object.entries(fields)) yield* objectSchemas(value, `${path}/${key}`);
}

describe("values.schema.json", () => {
  test("is closed at every level", () => {
    const open = [...objectSchemas(schema, "")]
      .filter(([, fields]) => fields["additionalProperties"] === undefined || fields["additionalProperties"] === true)
      .map(([path]) => path);
    // Helm's and Kubernetes' own keys are not ours to close; the last place only adds a requirement to a closed schema.
    const patches = ["workload", "podSpec", "container", "service", "ingress"];
    assert.deepEqual(open.sort(), [
      "/definitions/component/properties/affinity",
      "/definitions/component/properties/ingress/items/allOf/1",
      ...patches.map((part) => `/definitions/component/properties/patch/properties/${part}`).sort(),
      "/definitions/spec/properties/manifests/additionalProperties",
      "/properties/global",
    ]);
  });

  test("describes every key", () => {
    const silent = [...objectSchemas(schema, "")].flatMap(([path, fields]) =>
      Object.entries((fields["properties"] ?? {}) as Record<string, Record<string, unknown>>)
        .filter(([, value]) => !("description" in value) && !("$ref" in value))
        .map(([key]) => `${path}/${key}`),
    );
    assert.deepEqual(silent, []);
  });

  test("has an example for every key", () => {
    const without = allKeys().filter(({ examples }) => examples.length === 0);
    assert.deepEqual(
      without.map(({ path }) => path),
      [],
    );
  });

  // Without Helm, so that a wrong example is found in the short loop; whether it renders, the chart's own test shows.
  for (const { path, examples, fallback } of allKeys()) {
    test(`accepts the examples and the default of ${path}`, () => {
      for (const value of fallback === undefined ? examples : [...examples, fallback]) {
        assert.ok(validate(withValue(surroundings(path), path, value)), JSON.stringify([value, validate.errors]));
      }
    });
  }

  test("lets an environment set every key of spec, in the same form", () => {
    const { spec, environment } = schema.definitions;
    const own = ["metadata", "deploy", "branch", "tag", "secretsEnv"];
    assert.deepEqual(Object.keys(environment.properties).sort(), [...own, ...Object.keys(spec.properties)].sort());
    for (const key of Object.keys(spec.properties)) {
      assert.deepEqual(environment.properties[key], { $ref: `#/definitions/spec/properties/${key}` });
    }
  });

  test("lets a single application and the defaults set what a component can, in the same form", () => {
    const { spec, defaults, component } = schema.definitions;
    const ownOfComponents = ["name", "namespace", "extends", "enabled", "after"];
    const shared = Object.keys(component.properties).filter((key) => !ownOfComponents.includes(key));
    for (const key of shared) {
      assert.deepEqual(spec.properties[key], { $ref: `#/definitions/component/properties/${key}` });
      if (key !== "ingress") assert.deepEqual(defaults.properties[key], spec.properties[key]);
    }
    assert.equal(Object.keys(defaults.properties).length, shared.length - 1);
  });

  test("lets null delete every key of spec", () => {
    for (const key of Object.keys(schema.definitions.spec.properties)) {
      assert.ok(validate({ spec: { [key]: null }, environments: { prod: { [key]: null } } }), key);
    }
  });

  for (const path of [
    "values.yaml",
    "ci/small.yaml",
    "ci/full.yaml",
    "ci/components.yaml",
    "../examples/hello/.deploy/manifest.yaml",
  ]) {
    test(`accepts ${path}`, () => {
      assert.ok(validate(read(path)), JSON.stringify(validate.errors));
    });
  }

  for (const [name, values] of [
    ["at the top", { specs: {} }],
    ["in metadata", { metadata: { nam: "a" } }],
    ["in spec", { spec: { prot: 1 } }],
    ["in resources", { spec: { resources: { mem: "1Gi" } } }],
    ["in health", { spec: { health: { pth: "/" } } }],
    ["in ingress", { spec: { ingress: { hots: "a" } } }],
    ["in a list of routes", { spec: { ingress: [{ host: "a", public: true, x: 1 }] } }],
    ["in a check", { spec: { verify: { home: { htp: "/" } } } }],
    ["in what a check expects", { spec: { verify: { home: { expect: { code: 200 } } } } }],
    ["in build", { spec: { build: { dockerfile: "x" } } }],
    ["in an environment", { environments: { prod: { replcas: 2 } } }],
    ["in an environment's resources", { environments: { prod: { resources: { mem: "1Gi" } } } }],
    ["in cluster", { cluster: { ingres: {} } }],
    ["in cluster.infisical", { cluster: { infisical: { host: "x" } } }],
    ["in deploy", { deploy: { image: "x" } }],
    ["x- below the top", { spec: { "x-common": {} } }],
  ] as const) {
    test(`refuses an unknown key ${name}`, () => {
      assert.equal(validate(values), false);
    });
  }

  for (const [name, values] of [
    ["another apiVersion", { apiVersion: "jterrazz.com/v2" }],
    ["a name that is no label", { metadata: { name: "My_App" } }],
    ["an environment that is no label", { environments: { Prod: {} } }],
    ["a port out of range", { spec: { port: 70000 } }],
    ["a port as text", { spec: { port: "3000" } }],
    ["a path without a slash", { spec: { health: "health" } }],
    ["a list of routes that does not say public", { spec: { ingress: [{ host: "a" }] } }],
    ["a branch and a tag at once", { environments: { prod: { deploy: { branch: "main", tag: "v*" } } } }],
    ["a digest that is none", { spec: { image: { digest: "abc" } } }],
    ["a time that is none", { spec: { health: { startup: { within: "5 minutes" } } } }],
    ["a variable that is a map", { spec: { env: { A: {} } } }],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.equal(validate(values), false);
    });
  }

  test("leaves x- at the top to the user", () => {
    assert.ok(validate({ "x-common": { anything: [1] } }));
  });
});
