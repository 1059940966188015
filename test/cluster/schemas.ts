import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A JSON schema, as loose as JSON is. */
type Schema = { readonly [keyword: string]: unknown };

/** The kind of an object. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Where kubeconform finds what {@link writeSchemas} wrote: its own naming, `deployment-apps-v1.json`. */
export const schemaLocation = (folder: string) => join(folder, "{{ .ResourceKind }}{{ .KindSuffix }}.json");

/**
 * Writes a JSON schema for each kind from what an API server publishes of itself, definitions of others included, so that
 * kubeconform needs no network. Unlike what is published they are closed: an unknown key is a mistake.
 *
 * @param read gives a path of the API server, as `/openapi/v3/apis/apps/v1`.
 * @throws Error when the server does not know a kind.
 */
export async function writeSchemas(
  folder: string,
  kinds: readonly Kind[],
  read: (path: string) => Promise<string>,
): Promise<void> {
  const documents = new Map<string, Record<string, Schema>>();
  for (const { apiVersion, kind } of kinds) {
    const schemas = documents.get(apiVersion) ?? (await readSchemas(apiVersion, read));
    documents.set(apiVersion, schemas);
    await writeFile(
      join(folder, fileOf({ apiVersion, kind })),
      JSON.stringify(schemaOf({ apiVersion, kind }, schemas)),
    );
  }
}

async function readSchemas(apiVersion: string, read: (path: string) => Promise<string>) {
  const path = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const { components } = JSON.parse(await read(`/openapi/v3/${path}`));
  return components.schemas as Record<string, Schema>;
}

/** kubeconform takes the first word of the group only. */
function fileOf({ apiVersion, kind }: Kind): string {
  const [group = "", version] = apiVersion.split("/");
  return `${[kind, group.split(".")[0], ...(version === undefined ? [] : [version])].join("-").toLowerCase()}.json`;
}

function schemaOf({ apiVersion, kind }: Kind, schemas: Record<string, Schema>): Schema {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const isIt = (its: Schema) => its["group"] === group && its["version"] === version && its["kind"] === kind;
  const found = Object.entries(schemas).find(([, schema]) => {
    const names = schema["x-kubernetes-group-version-kind"] as readonly Schema[] | undefined;
    // Options of a request are of every group; an object is of one.
    return names?.length === 1 && names.some(isIt);
  });
  if (found === undefined) throw new Error(`the API server knows no ${apiVersion} ${kind}`);
  const closed = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, close(schema)]));
  return { $ref: `#/components/schemas/${found[0]}`, components: { schemas: closed } };
}

/** Refuses unknown keys wherever keys are listed; forms below `anyOf` and the like only add to what stands beside them. */
function close(schema: Schema): Schema {
  const below = { ...schema };
  for (const keyword of ["items", "additionalProperties"]) {
    if (isSchema(schema[keyword])) below[keyword] = close(schema[keyword]);
  }
  if (!isSchema(schema["properties"])) return below;
  const properties = Object.entries(schema["properties"]).map(([key, value]) => [key, close(value as Schema)]);
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
  return { additionalProperties: open, ...below, properties: Object.fromEntries(properties) };
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
