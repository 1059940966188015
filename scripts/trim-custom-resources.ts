// Cuts the published definitions of the custom resources that the chart renders down to what says what is valid, for the
// offline check of rendered objects. Most come in Go modules; Infisical's from a clone of its operator's repository, so they
// are recorded for the test cluster as well:
//   node scripts/trim-custom-resources.ts CLONE_OF_github.com/Infisical/kubernetes-operator
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { definitionSources } from "../test/cluster/crds.ts";
import { goModule } from "../test/cluster/go-module.ts";
import { run } from "../test/cluster/run.ts";
import { type Json, type JsonObject, mapParts, withKeywords } from "./trim-schema.ts";

interface Definition extends JsonObject {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: JsonObject } }[];
  };
}

const kinds = new Set([
  "cert-manager.io/v1 Certificate",
  "gateway.networking.k8s.io/v1 HTTPRoute",
  "monitoring.coreos.com/v1 ServiceMonitor",
  "secrets.infisical.com/v1alpha1 InfisicalSecret",
  "secrets.infisical.com/v1beta1 InfisicalStaticSecret",
  "traefik.io/v1alpha1 IngressRoute",
  "traefik.io/v1alpha1 Middleware",
]);

/** The operator's release whose definitions are read, and the commit that its tag named. */
const infisical = { version: "0.11.5", commit: "8a8a6c7ba4b0d28a16db2e9d4c2972775d9ce57b" };
const infisicalFiles = ["infisicalsecrets", "infisicalstaticsecrets"];

/** Keywords that say what is valid in the definition of a custom resource. */
const kept = new Set([
  ...["type", "required", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf"],
  ...["exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "minProperties", "maxProperties"],
  ...["properties", "additionalProperties", "items", "allOf", "anyOf", "oneOf", "not"],
]);
/** What the server needs besides to treat an object of the kind as the published definition would. */
const served = new Set([...kept, "default", "format", "nullable"]);
for (const marker of [
  "preserve-unknown-fields",
  "int-or-string",
  "validations",
  "list-type",
  "list-map-keys",
  "map-type",
]) {
  served.add(`x-kubernetes-${marker}`);
}

const clone = process.argv[2];
if (clone === undefined) throw new Error("give the folder of a clone of github.com/Infisical/kubernetes-operator");

const found: { product: string; definition: Definition }[] = [];
for (const { product, module, folder, matches } of definitionSources) {
  const source = join(await goModule(module), folder);
  for (const file of readdirSync(source).filter((name) => matches.test(name))) {
    for (const definition of definitionsOf(readFileSync(join(source, file), "utf8")))
      found.push({ product, definition });
  }
}
const ofInfisical: Definition[] = [];
for (const file of infisicalFiles) {
  const path = `${infisical.commit}:config/crd/bases/secrets.infisical.com_${file}.yaml`;
  const { rawOutput } = await run(["git", "-C", clone, "show", path]);
  ofInfisical.push(...definitionsOf(rawOutput));
}
for (const definition of ofInfisical) found.push({ product: `Infisical's operator ${infisical.version}`, definition });

const schemas: Record<string, { product: string; schema: JsonObject }> = {};
for (const { product, definition } of found) {
  const { group, names, versions } = definition.spec;
  for (const { name, schema } of versions) {
    const kind = `${group}/${name} ${names.kind}`;
    if (kinds.has(kind)) schemas[kind] = { product, schema: objectSchema(schema.openAPIV3Schema) };
  }
}
const lost = [...kinds].filter((kind) => schemas[kind] === undefined);
if (lost.length > 0) throw new Error(`nothing defines ${lost.join(", ")}`);
write("../actions/validate/recorded/custom-resources.json", shareParts(schemas));
write("../test/cluster/recorded/infisical-definitions.json", {
  from: `github.com/Infisical/kubernetes-operator ${infisical.version}, commit ${infisical.commit}, config/crd/bases`,
  definitions: ofInfisical.map(withoutProse),
});

function definitionsOf(text: string): Definition[] {
  return parseAllDocuments(text).flatMap((document) => document.toJS() ?? []);
}

function write(file: string, content: unknown): void {
  writeFileSync(join(import.meta.dirname, file), `${JSON.stringify(content)}\n`);
}

function withoutProse(definition: Definition): JsonObject {
  const versions = definition.spec.versions.map((version) => ({
    ...version,
    schema: { openAPIV3Schema: withKeywords(version.schema.openAPIV3Schema, served) },
  }));
  const { annotations: _, ...metadata } = definition["metadata"] as JsonObject;
  return { ...definition, metadata, spec: { ...definition.spec, versions } };
}

/** What is checked of an object: its metadata as of every other, and all that the server does not write itself. */
function objectSchema(schema: JsonObject): JsonObject {
  const { status: _, ...properties } = schema["properties"] as JsonObject;
  const trimmed = closed({ ...schema, properties });
  const metadata = { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };
  return { ...trimmed, properties: { ...(trimmed["properties"] as JsonObject), metadata } };
}

/** A part of a structural schema, in plain JSON schema: what it does not name is refused. */
function closed(schema: JsonObject): JsonObject {
  if (schema["x-kubernetes-int-or-string"] === true)
    return { ...plain(schema, ["type", "anyOf"]), type: ["integer", "string"] };
  const own = plain(schema, []);
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (own["type"] === "object" && own["additionalProperties"] === undefined && !open)
    own["additionalProperties"] = false;
  // The server fills in a default before it misses a key.
  const properties = (schema["properties"] ?? {}) as Record<string, JsonObject>;
  const required = ((own["required"] ?? []) as string[]).filter((key) => properties[key]?.["default"] === undefined);
  if (required.length > 0) own["required"] = required;
  else delete own["required"];
  // The parts of a union add rules to what is described already, and name no keys of their own.
  return mapParts(own, (part, keyword) => (/Of$|^not$/.test(keyword) ? withKeywords(part, kept) : closed(part)));
}

function plain(schema: JsonObject, dropped: readonly string[]): JsonObject {
  const entries = Object.entries(schema).filter(([keyword]) => kept.has(keyword) && !dropped.includes(keyword));
  return Object.fromEntries(entries);
}

/** Writes parts that occur several times only once, as definitions. */
function shareParts(whole: typeof schemas): JsonObject {
  const counts = new Map<string, number>();
  const count = (part: JsonObject): Json => {
    const text = JSON.stringify(part);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts.get(text) === 1 ? mapParts(part, count) : part;
  };
  for (const { schema } of Object.values(whole)) count(schema);
  const definitions: JsonObject = {};
  const names = new Map<string, string>();
  const share = (part: JsonObject): JsonObject => {
    const text = JSON.stringify(part);
    if (text.length < 100 || (counts.get(text) ?? 0) < 2) return mapParts(part, share);
    const name = names.get(text) ?? `part${names.size}`;
    if (!names.has(text)) {
      names.set(text, name);
      definitions[name] = mapParts(part, share);
    }
    return { $ref: `#/definitions/${name}` };
  };
  const shared = Object.entries(whole).map(([kind, { product, schema }]) => [kind, { product, schema: share(schema) }]);
  return { kinds: Object.fromEntries(shared), definitions };
}
