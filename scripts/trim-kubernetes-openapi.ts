// Cuts the OpenAPI documents of a running Kubernetes API server down to the kinds that the chart renders, as closed JSON
// schemas without prose, for the offline check of rendered objects:
//   kubectl proxy --port 8001 &
//   node scripts/trim-kubernetes-openapi.ts http://127.0.0.1:8001
import { writeFileSync } from "node:fs";
import { join } from "node:path";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const kinds: Readonly<Record<string, readonly string[]>> = {
  "api/v1": [
    "ConfigMap",
    "Namespace",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Secret",
    "Service",
    "ServiceAccount",
  ],
  "apis/apps/v1": ["DaemonSet", "Deployment", "StatefulSet"],
  "apis/autoscaling/v2": ["HorizontalPodAutoscaler"],
  "apis/batch/v1": ["CronJob", "Job"],
  "apis/networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "apis/policy/v1": ["PodDisruptionBudget"],
  "apis/rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
};

/** Keywords that say what is valid; all others are for people, or for the server's own merging. */
const kept = new Set(["type", "required", "enum", "properties", "additionalProperties", "items", "$ref"]);

const server = process.argv[2];
if (server === undefined) throw new Error("give the address of an API server that asks for no credentials");
const definitions: JsonObject = {};
const roots: JsonObject = {};
for (const [group, names] of Object.entries(kinds)) {
  const document = (await read(`/openapi/v3/${group}`)) as { components: { schemas: JsonObject } };
  for (const name of names) addKind(group.replace(/^apis?\//, ""), name, document.components.schemas);
}
const { gitVersion } = (await read("/version")) as { gitVersion: string };
writeFileSync(
  join(import.meta.dirname, "../actions/validate/recorded/kubernetes-objects.json"),
  `${JSON.stringify({ version: gitVersion, kinds: roots, definitions })}\n`,
);

async function read(path: string): Promise<unknown> {
  const answer = await fetch(new URL(path, server), { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return await answer.json();
}

function addKind(apiVersion: string, kind: string, schemas: JsonObject): void {
  const found = Object.entries(schemas).find(([, schema]) => {
    const names = (schema as JsonObject)["x-kubernetes-group-version-kind"] as JsonObject[] | undefined;
    return (
      names?.length === 1 && names[0]?.["kind"] === kind && `${names[0]["version"]}` === apiVersion.split("/").at(-1)
    );
  });
  if (found === undefined) throw new Error(`the server has no ${apiVersion} ${kind}`);
  roots[`${apiVersion} ${kind}`] = addDefinition(found[0], schemas);
}

function addDefinition(name: string, schemas: JsonObject): string {
  if (!Object.hasOwn(definitions, name)) {
    // Noted before it is converted, since schemas refer to each other in circles.
    definitions[name] = {};
    definitions[name] = convert(schemas[name] as JsonObject, schemas);
  }
  return name;
}

function convert(schema: JsonObject, schemas: JsonObject): JsonObject {
  const [only, ...others] = (schema["allOf"] ?? []) as JsonObject[];
  // A reference with a default beside it comes as the one part of an allOf.
  if (only !== undefined && others.length === 0) return convert(only, schemas);
  if (typeof schema["$ref"] === "string") {
    return { $ref: `#/definitions/${addDefinition(schema["$ref"].split("/").at(-1) ?? "", schemas)}` };
  }
  const types = ((schema["oneOf"] ?? []) as JsonObject[]).map((form) => form["type"] ?? null);
  const own = Object.fromEntries(Object.entries(schema).filter(([keyword]) => kept.has(keyword)));
  if (types.length > 0) own["type"] = types;
  // What the server writes is no part of what is applied.
  const { status: _, managedFields: __, ...properties } = (own["properties"] ?? {}) as JsonObject;
  if (own["properties"] !== undefined) {
    own["properties"] = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, convert(value as JsonObject, schemas)]),
    );
    own["additionalProperties"] = false;
  }
  for (const keyword of ["items", "additionalProperties"]) {
    if (typeof own[keyword] === "object") own[keyword] = convert(own[keyword] as JsonObject, schemas);
  }
  return own;
}
