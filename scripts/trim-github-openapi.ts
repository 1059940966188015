// Cuts GitHub's OpenAPI document down to the operations that fairlead uses, as plain JSON Schema, for the stand-in:
//   npm install --prefix <somewhere> @octokit/openapi@23.0.2
//   node scripts/trim-github-openapi.ts <somewhere>/node_modules/@octokit/openapi
// The package is no dependency of this repository: it is 385 MB.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "./trim-schema.ts";

const operations: readonly (readonly [method: string, path: string])[] = [
  ["get", "/app"],
  ["post", "/app/installations/{installation_id}/access_tokens"],
  ["get", "/installation/repositories"],
  ["delete", "/installation/token"],
  ["get", "/repos/{owner}/{repo}"],
  ["get", "/repos/{owner}/{repo}/contents/{path}"],
  ["get", "/repos/{owner}/{repo}/git/matching-refs/{ref}"],
  ["get", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}"],
  ["post", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"],
  ["get", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs"],
  ["get", "/repos/{owner}/{repo}/actions/runs/{run_id}"],
  ["get", "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs"],
  ["post", "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel"],
  ["get", "/user"],
  ["get", "/user/repos"],
  ["get", "/users/{username}/installation"],
];

const wordsForPeople = new Set(["description", "example", "examples", "title", "externalDocs", "deprecated"]);

const folder = process.argv[2];
if (folder === undefined) throw new Error("give the folder of the package @octokit/openapi");
const { version }: { version: string } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const source: JsonObject = JSON.parse(readFileSync(join(folder, "generated/api.github.com.json"), "utf8"));

const schemas: Record<string, Json> = {};
const trimmed = operations.map(([method, path]) => {
  const operation = resolve(source, "paths", path, method);
  const parameters = (operation["parameters"] as JsonObject[]).map((parameter) => deref(parameter));
  const query = parameters.filter((parameter) => parameter["in"] === "query");
  const body = deref((operation["requestBody"] as JsonObject | undefined) ?? {});
  return {
    method: method.toUpperCase(),
    path,
    query: Object.fromEntries(
      query.map((parameter) => [String(parameter["name"]), convert(parameter["schema"] ?? {})]),
    ),
    ...(body["content"] === undefined ? {} : { body: contentSchema(body) }),
    responses: Object.fromEntries(
      Object.entries(operation["responses"] as JsonObject).map(([status, response]) => [
        status,
        contentSchema(deref(response as JsonObject)),
      ]),
    ),
  };
});

const output = { source: `@octokit/openapi ${version}, api.github.com`, operations: trimmed, schemas };
writeFileSync(
  join(import.meta.dirname, "../test/fakes/github/fixtures/recorded/openapi.json"),
  `${JSON.stringify(output, null, 1)}\n`,
);

function resolve(root: JsonObject, ...keys: string[]): JsonObject {
  return keys.reduce((node, key) => node[key] as JsonObject, root);
}

function deref(node: JsonObject): JsonObject {
  const reference = node["$ref"];
  return typeof reference === "string" ? resolve(source, ...reference.replace("#/", "").split("/")) : node;
}

/** The schema of a JSON body; null where there is none. */
function contentSchema(holder: JsonObject): Json {
  const content = holder["content"] as JsonObject | undefined;
  const json = content?.["application/json"] as JsonObject | undefined;
  return json?.["schema"] === undefined ? null : convert(json["schema"]);
}

/** OpenAPI 3.0 writes "or null" as `nullable`, which JSON Schema does not know. */
function convert(node: Json): Json {
  if (Array.isArray(node)) return node.map(convert);
  if (node === null || typeof node !== "object") return node;
  const { $ref: reference, nullable, ...rest } = node;
  if (typeof reference === "string") return { $ref: `#/schemas/${include(reference)}` };
  const kept = Object.entries(rest).filter(([key]) => !wordsForPeople.has(key) && !key.startsWith("x-"));
  const converted = Object.fromEntries(
    kept.map(([key, value]) => [key, key === "properties" ? convertEach(value as JsonObject) : convert(value)]),
  );
  return nullable === true ? { anyOf: [converted, { type: "null" }] } : converted;
}

// A property may be called "description", so the names below `properties` are left alone.
function convertEach(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}

function include(reference: string): string {
  const name = reference.split("/").at(-1) ?? "";
  if (schemas[name] === undefined) {
    schemas[name] = true; // Stands in while the schema, which may refer to itself, is converted.
    schemas[name] = convert(resolve(source, "components", "schemas", name));
  }
  return name;
}
