import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Ajv, type Schema } from "ajv";
import { parse } from "yaml";
import { allKeys, schema, surroundings, withValue } from "./keys.testing.ts";

const folder = import.meta.dirname;
const keywords = ["x-consumer", "x-inline"];
const validate = new Ajv({ strict: true, allowUnionTypes: true, keywords, logger: false }).compile(schema as Schema);

function read(path: string): unknown {
  return parse(readFileSync(join(folder, path), "utf8"));
}

/** The schema that a reference leads to, or the schema itself. */
function target(node: unknown): Record<string, unknown> {
  const fields = node as Record<string, unknown>;
  if (typeof fields["$ref"] !== "string") return fields;
  let found = schema;
  for (const key of fields["$ref"].split("/").slice(1)) found = found[key];
  return target(found);
}

/** A schema without what is only for people: an init container is described otherwise than the component that it belongs to. */
function withoutWords(node: unknown): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, value) => (/^(description|examples|default)$/.test(key) ? undefined : value)),
  );
}

function admitsNull(fields: Record<string, unknown>): boolean {
  return Array.isArray(fields["enum"]) ? fields["enum"].includes(null) : [fields["type"]].flat().includes("null");
}

/** Every object schema below a schema, with its path; behind references too when they are to be followed. */
function* objectSchemas(node: unknown, path: string, follow = false): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== "object" || node === null) return;
  const fields = follow ? target(node) : (node as Record<string, unknown>);
  if ("properties" in fields || [fields["type"]].flat().includes("object")) yield [path, fields];
  for (const [key, value] of Object.entries(fields)) yield* objectSchemas(value, `${path}/${key}`, follow);
}

/** Every place of a key in a schema, and what stands there, references followed. */
function* places(node: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== "object" || node === null) return;
  const fields = node as Record<string, unknown>;
  const properties = typeof fields["properties"] === "object" ? (fields["properties"] as object) : {};
  for (const [key, value] of Object.entries(properties)) yield [`${path}/properties/${key}`, target(value)];
  for (const [key, value] of Object.entries(fields)) yield* places(value, `${path}/${key}`);
}

/** Whether what stands at a key is more than a map of keys that are looked at by themselves. */
function holdsValue(fields: Record<string, unknown>): boolean {
  const entries = fields["additionalProperties"];
  const named = typeof entries === "object" && "properties" in target(entries);
  return !("properties" in fields) && !named;
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
      "/definitions/route/properties/middlewares/items/properties/spec",
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
    const bare = Object.entries(schema.definitions as Record<string, object>).filter(
      ([, node]) => !("description" in node),
    );
    assert.deepEqual(bare, []);
  });

  test("works by itself, as an editor reads it: draft-07, no word of ours needed, nothing outside of the file", () => {
    assert.equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
    const outside = JSON.stringify(schema).match(/"\$ref":"(?!#\/)[^"]*"/g);
    assert.equal(outside, null);
    // Without our keywords and without strictness, which editors do not know.
    const asEditor = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema);
    assert.ok(asEditor(read("../examples/hello/.deploy/manifest.yaml")));
    assert.equal(
      asEditor({ metadata: { name: "my-app" }, spec: { prot: 1 }, environments: { prod: { replicas: "2" } } }),
      false,
    );
    assert.deepEqual(
      [...new Set(asEditor.errors?.map(({ instancePath }) => instancePath))],
      ["/spec", "/environments/prod/replicas"],
    );
  });

  test("has an example for every key", () => {
    const without = allKeys().filter(({ examples }) => examples.length === 0);
    assert.deepEqual(
      without.map(({ path }) => path),
      [],
    );
  });

  // Found by another way than the list: in the document as it stands, definition by definition.
  test("has no key that holds a value and that the list of its keys leaves out", () => {
    const listed = new Set<unknown>(allKeys().map((key) => key.schema));
    const unlisted = [...places(schema, "#")].filter(([, node]) => holdsValue(node) && !listed.has(node));
    // What Helm gives to every chart, and is no key of the language.
    assert.deepEqual([...new Set(unlisted.map(([path]) => path))], ["#/properties/global"]);
  });

  // Without Helm, so that a wrong example is found in the short loop; whether it renders, the chart's own test shows.
  for (const { path, examples, fallback } of allKeys()) {
    test(`accepts the examples and the default of ${path}`, () => {
      for (const value of fallback === undefined ? examples : [...examples, fallback]) {
        assert.ok(validate(withValue(surroundings(path), path, value)), JSON.stringify([value, validate.errors]));
      }
    });
  }

  test("lets an environment set every key of spec, by the same schema", () => {
    const { spec, environment } = schema.definitions;
    const { metadata, deploy, branch, tag, ...rest } = environment.properties;
    assert.ok(metadata && deploy && branch && tag);
    assert.deepEqual(
      rest,
      Object.fromEntries(
        Object.keys(spec.properties).map((key) => [key, { $ref: `#/definitions/spec/properties/${key}` }]),
      ),
    );
  });

  test("has one schema for what stands at several places, so that they cannot drift", () => {
    const { spec, defaults, component, route, initContainer, sidecar, probe, readinessProbe } = schema.definitions;
    const ownOfComponents = ["name", "namespace", "extends", "enabled", "after"];
    const shared = Object.keys(component.properties).filter((key) => !ownOfComponents.includes(key));
    const references = (keys: string[], at: string) =>
      Object.fromEntries(keys.map((key) => [key, { $ref: `#/definitions/${at}/properties/${key}` }]));
    const pick = (from: object, keys: string[]) =>
      Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)));
    assert.deepEqual(pick(spec.properties, shared), references(shared, "component"));
    const below = shared.filter((key) => key !== "ingress");
    assert.deepEqual(defaults.properties, references(below, "component"));
    const { ingress, health, securityContext } = component.properties;
    assert.deepEqual(ingress.properties, references(Object.keys(route.properties), "route"));
    assert.equal(ingress.items.allOf[0].$ref, "#/definitions/route");
    assert.deepEqual(health.properties.startup, { $ref: "#/definitions/probe" });
    assert.deepEqual(health.properties.liveness, { $ref: "#/definitions/probe" });
    assert.deepEqual(health.properties.readiness, { $ref: "#/definitions/readinessProbe" });
    const { successThreshold, ...ofReadiness } = readinessProbe.properties;
    const { terminationGracePeriodSeconds, ...ofOthers } = probe.properties;
    assert.ok(successThreshold && terminationGracePeriodSeconds);
    for (const [key, value] of Object.entries<{ $ref?: string }>(ofOthers)) {
      assert.deepEqual(ofReadiness[key], value.$ref ? value : { $ref: `#/definitions/probe/properties/${key}` }, key);
    }
    assert.equal(Object.keys(ofReadiness).length, Object.keys(ofOthers).length);
    const ofInit = references(Object.keys(initContainer.properties), "initContainer");
    for (const [key, value] of Object.entries(sidecar.properties)) {
      if (key in ofInit)
        assert.deepEqual(value, initContainer.properties[key].$ref ? initContainer.properties[key] : ofInit[key]);
    }
    for (const [key, value] of Object.entries(initContainer.properties.securityContext.properties)) {
      assert.deepEqual(withoutWords(value), withoutWords(securityContext.properties[key]), key);
    }
  });

  // What an environment cannot set because the key needs its neighbours would be a required key below `spec`; the chart judges
  // that after merging. A list is replaced whole, so that its items may have required keys.
  test("requires nothing of what an environment may say in part", () => {
    const requiring = [...objectSchemas(schema.definitions.environment, "environment", true)]
      .filter(([path, fields]) => "required" in fields && !/\/items(\/|$)/.test(path))
      .map(([path]) => path);
    assert.deepEqual(requiring, []);
  });

  test("lets null delete a key at every level of an environment", () => {
    const stubborn = [...objectSchemas(schema.definitions.environment, "environment", true)].flatMap(
      ([path, fields]) => {
        if (/\/items(\/|$)/.test(path)) return [];
        const entries = Object.entries((fields["properties"] ?? {}) as Record<string, unknown>);
        return entries.filter(([, value]) => !admitsNull(target(value))).map(([key]) => `${path}/${key}`);
      },
    );
    // Which push deploys an environment is said in one place and never merged.
    assert.deepEqual(stubborn.sort(), ["environment/properties/deploy/branch", "environment/properties/deploy/tag"]);
  });

  test("marks what only an action reads", () => {
    const { spec, component, environment } = schema.definitions;
    const marked = [
      ...["verify", "hints", "podSecurity", "rollback"].map((key) => spec.properties[key]),
      ...["deploy", "branch", "tag"].map((key) => environment.properties[key]),
      component.properties.build,
      component.properties.health.properties.crashRestarts,
      component.properties.files.additionalProperties.properties.file,
      spec.properties.config.additionalProperties.additionalProperties.properties.file,
      schema.properties.metadata.properties.release,
      schema.properties.deploy.properties.release,
    ];
    for (const key of marked) assert.equal(key["x-consumer"], "action", key.description);
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
    "ci/forms.yaml",
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
    ["a host that is no name", { spec: { ingress: { host: "a b" } } }],
    ["a host with a control character", { spec: { ingress: [{ host: "a\u0007", public: true }] } }],
    ["a path that would end a rule of Traefik's", { spec: { ingress: { path: "/`) || Host(`b" } } }],
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
