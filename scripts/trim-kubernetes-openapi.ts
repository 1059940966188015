// Cuts the OpenAPI documents of Kubernetes' releases down to the kinds that the chart renders, as closed JSON schemas without
// prose, for the offline check of rendered objects. One release is written whole; of the others, what differs.
//   node scripts/trim-kubernetes-openapi.ts
// Read from the Go module k8s.io/kubernetes: api/openapi-spec/v3 has the schemas, but leaves out which values are allowed;
// the code that API servers make their document with (pkg/generated/openapi) has those.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { patchBetween } from "../actions/validate/merge-patch.ts";
import { goModule } from "../test/cluster/go-module.ts";
import { isObject, type JsonObject, mapParts } from "./trim-schema.ts";

/** The releases to read, with what go.sum says of the module: the newest patch that the Go module proxy had. */
const releases: Readonly<Record<string, readonly [version: string, sum: string]>> = {
  "1.30": ["1.30.14", "h1:MrlKXh9uhLIJpyxOeXhcndzRVSvwiV9iJ8NgH8nqPsg="],
  "1.31": ["1.31.14", "h1:UtjLfqvXLuSVDdJ4+NpQCIfFkKkLnAAVmxAEMsnkhjk="],
  "1.32": ["1.32.13", "h1:5TGYdZ6YZqdp6h/Rp1vX/4TIoybMPdgv97LCZCtPuNQ="],
  "1.33": ["1.33.13", "h1:bmH31xUdSzeA5vk0wZAK9MZp11mdLuzUSeKk0qN3hPQ="],
  "1.34": ["1.34.4", "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="],
  "1.35": ["1.35.4", "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM="],
  "1.36": ["1.36.3", "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="],
};
const wholeVersion = "1.35";

/** The kinds whose schemas are kept; of all others only the name is. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  v1: ["ConfigMap", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"],
  "apps/v1": ["DaemonSet", "Deployment", "StatefulSet"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "batch/v1": ["CronJob", "Job"],
  "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "policy/v1": ["PodDisruptionBudget"],
  "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
};

/** Keywords that say what is valid; all others are for people, or for the server's own merging. */
const kept = new Set(["type", "required", "enum", "properties", "additionalProperties", "items", "$ref"]);

const trimmed = new Map<string, { kinds: JsonObject; definitions: JsonObject }>();
for (const [version, [release, sum]] of Object.entries(releases)) {
  trimmed.set(version, trimRelease(await goModule(`k8s.io/kubernetes@v${release}`, sum)));
}
const whole = trimmed.get(wholeVersion);
if (whole === undefined) throw new Error(`no release of ${wholeVersion} is listed`);
const others = [...trimmed].map(([version, schemas]) => [version, patchBetween(whole, schemas)] as const);
const from = Object.entries(releases).map(([version, [release, sum]]) => [
  version,
  `k8s.io/kubernetes v${release} ${sum}`,
]);
writeFileSync(
  join(import.meta.dirname, "../actions/validate/recorded/kubernetes-objects.json"),
  `${JSON.stringify({ from: Object.fromEntries(from), whole, differences: Object.fromEntries(others) })}\n`,
);

/** The kinds of a release, each with the name of its definition or none, and these definitions. */
function trimRelease(folder: string): { kinds: JsonObject; definitions: JsonObject } {
  const schemas = readSchemas(folder);
  addAllowedValues(schemas, readFileSync(join(folder, "pkg/generated/openapi/zz_generated.openapi.go"), "utf8"));
  const names: JsonObject = {};
  const definitions: JsonObject = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const apiKinds = (schema["x-kubernetes-group-version-kind"] ?? []) as {
      group: string;
      version: string;
      kind: string;
    }[];
    const [only, ...more] = apiKinds;
    // What is listed under several groups is no object but part of every request.
    if (only === undefined || more.length > 0 || only.kind.endsWith("List")) continue;
    const apiVersion = only.group === "" ? only.version : `${only.group}/${only.version}`;
    const wanted = kinds[apiVersion]?.includes(only.kind) ?? false;
    names[`${apiVersion} ${only.kind}`] = wanted ? addDefinition(name, schemas, definitions) : "";
  }
  const missing = Object.entries(kinds).flatMap(([apiVersion, list]) => list.map((kind) => `${apiVersion} ${kind}`));
  const lost = missing.filter((kind) => !names[kind]);
  if (lost.length > 0) throw new Error(`${basename(folder)} has no ${lost.join(", ")}`);
  return { kinds: sorted(names), definitions: sorted(definitions) };
}

function readSchemas(folder: string): Record<string, JsonObject> {
  const specs = join(folder, "api/openapi-spec/v3");
  const documents = globSync("{api__v1,apis__*__v*}_openapi.json", { cwd: specs });
  const read = documents.map((file) => JSON.parse(readFileSync(join(specs, file), "utf8")).components.schemas);
  return Object.assign({}, ...read);
}

/**
 * Puts the allowed values into the schemas. The generated code is one function a definition, as
 * `schema_k8sio_api_core_v1_Container`, and gofmt indents what belongs to a property by seven tabs, to its items by ten.
 */
function addAllowedValues(schemas: Record<string, JsonObject>, code: string): void {
  const definitions = new Map(Object.entries(schemas).map(([name, schema]) => [functionOf(name), schema]));
  let properties: JsonObject = {};
  let property: JsonObject = {};
  for (const line of code.split("\n")) {
    const definition = /^func schema_(\w+)\(/.exec(line)?.[1];
    if (definition !== undefined) properties = (definitions.get(definition)?.["properties"] ?? {}) as JsonObject;
    const key = /^\t{5}"(.*)": \{$/.exec(line)?.[1];
    if (key !== undefined) property = (properties[key] ?? {}) as JsonObject;
    const [, tabs, values] = /^(\t+)Enum: +\[\]interface\{\}\{(.*)\},$/.exec(line) ?? [];
    if (tabs === undefined || !isObject(property)) continue;
    const into = tabs.length === 7 ? property : property["items"];
    if (isObject(into)) into["enum"] = JSON.parse(`[${values}]`);
  }
}

/** `io.k8s.api.core.v1.Container` is `k8sio_api_core_v1_Container` in the code's names. */
function functionOf(definition: string): string {
  return definition
    .replace(/^io\.k8s\./, "k8sio.")
    .replaceAll(".", "_")
    .replaceAll("-", "_");
}

function addDefinition(name: string, schemas: Record<string, JsonObject>, definitions: JsonObject): string {
  if (!Object.hasOwn(definitions, name)) {
    // Noted before it is converted, since schemas refer to each other in circles.
    definitions[name] = {};
    definitions[name] = convert(schemas[name] ?? {}, schemas, definitions);
  }
  return name;
}

function convert(schema: JsonObject, schemas: Record<string, JsonObject>, definitions: JsonObject): JsonObject {
  const [only, ...others] = (schema["allOf"] ?? []) as JsonObject[];
  // A reference with a default beside it comes as the one part of an allOf.
  if (only !== undefined && others.length === 0) return convert({ ...only, ...enumOf(schema) }, schemas, definitions);
  if (typeof schema["$ref"] === "string") {
    const name = addDefinition(schema["$ref"].split("/").at(-1) ?? "", schemas, definitions);
    return { $ref: `#/definitions/${name}` };
  }
  const types = ((schema["oneOf"] ?? []) as JsonObject[]).map((form) => form["type"] ?? null);
  const own = Object.fromEntries(Object.entries(schema).filter(([keyword]) => kept.has(keyword)));
  if (types.length > 0) own["type"] = types;
  if (isObject(own["properties"])) {
    // What the server writes is no part of what is applied.
    const { status: _, managedFields: __, ...properties } = own["properties"];
    own["properties"] = properties;
    own["additionalProperties"] = false;
  }
  return mapParts(own, (part) => convert(part, schemas, definitions));
}

function enumOf(schema: JsonObject): JsonObject {
  return schema["enum"] === undefined ? {} : { enum: schema["enum"] };
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)));
}
