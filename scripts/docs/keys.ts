import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A part of a JSON Schema. */
export type Schema = { readonly [keyword: string]: unknown };

/** What the keys of manifests are read from. */
export interface Language {
  /** `chart/values.schema.json`. */
  readonly schema: Schema;
  /** `chart/values.yaml`, which holds the defaults of `cluster`. */
  readonly values: unknown;
}

/** A key of the language, as a line of a table. */
export interface Key {
  /** From the table that it stands in; `[]` before the keys of a list's items, `<…>` where the user chooses the name. */
  readonly path: readonly string[];
  readonly schema: Schema;
  /** Where another key is described that holds the same. */
  readonly sameAs?: readonly string[];
}

/** What entries of a map are called, by the key of the map; `name` for all others. */
const entryNames: Readonly<Record<string, string>> = {
  env: "NAME",
  files: "path",
  secrets: "set",
  config: "set",
  "<set>": "key",
  verify: "check",
  environments: "environment",
};

/** Reads the schema and the values of the chart in a checkout. */
export function readLanguage(root: string): Language {
  return {
    schema: JSON.parse(readFileSync(join(root, "chart/values.schema.json"), "utf8")),
    values: parse(readFileSync(join(root, "chart/values.yaml"), "utf8")),
  };
}

/** The schema of a key that is named by who defines it, as `component.port`, `cluster` or `metadata`. Throws when there is none. */
export function schemaOf(language: Language, name: string): Schema {
  const [scope = "", key] = name.split(".");
  const definition = definitionOf(language, scope);
  const found = key === undefined ? keysOf(language.schema)[scope] : keysOf(definition)[key];
  if (found === undefined) throw new Error(`the schema has no key ${name}`);
  return follow(language, found);
}

/** All keys of the language, named by who defines them; what refers to another key is that key. */
export function allNames(language: Language): string[] {
  const scopes = ["", "component", "spec", "environment", "cluster"];
  return scopes.flatMap((scope) =>
    Object.entries(keysOf(scope === "" ? language.schema : definitionOf(language, scope)))
      .filter(([key, schema]) => !("$ref" in schema) && key !== "global")
      .map(([key]) => (scope === "" ? key : `${scope}.${key}`)),
  );
}

/**
 * The keys below a key, at any depth. One that is the same as another key stands alone, without its own keys.
 *
 * @param shown where each part of the schema that has no place of its own was met first.
 */
export function keysBelow(
  language: Language,
  path: readonly string[],
  schema: Schema,
  shown = new Map<string, readonly string[]>(),
): Key[] {
  return childrenOf(language, schema, path.at(-1) ?? "").flatMap(([key, child]) => {
    const here = [...path, key];
    const own = follow(language, child);
    const sameAs = twinOf(language, here, child, schema, shown);
    if (sameAs !== undefined) return [{ path: here, schema: own, sameAs }];
    return [{ path: here, schema: own }, ...keysBelow(language, here, own, shown)];
  });
}

/** The keys right below a key: its own, those of a map's entries, and those of a list's items. A whole component has none here. */
function childrenOf(language: Language, schema: Schema, name: string): [string, Schema][] {
  if (["component", "defaults", "environment"].some((scope) => schema === definitionOf(language, scope))) return [];
  const entries = schema["additionalProperties"];
  const entry = follow(language, (typeof entries === "object" ? entries : {}) as Schema);
  return [
    ...Object.entries(keysOf(schema)),
    ...("description" in entry ? [[`<${entryNames[name] ?? "name"}>`, entry] as [string, Schema]] : []),
    ...Object.entries(keysOf(schema["items"] as Schema)).map(([key, item]): [string, Schema] => [`[].${key}`, item]),
  ];
}

/** The key that holds the same as this one: what the schema refers to, the component's of that name, or a neighbour above. */
function twinOf(
  language: Language,
  path: readonly string[],
  schema: Schema,
  parent: Schema,
  shown: Map<string, readonly string[]>,
): readonly string[] | undefined {
  const name = path.at(-1) ?? "";
  const reference = schema["$ref"];
  if (typeof reference === "string") {
    const twin = placeOf(reference) ?? shown.get(reference);
    shown.set(reference, twin ?? path);
    return twin;
  }
  const own = Object.keys(keysOf(schema));
  const ofComponent = keysOf(definitionOf(language, "component"))[name];
  const known = Object.keys(keysOf(ofComponent));
  if (ofComponent !== schema && own.length > 2 && own.every((key) => known.includes(key))) return [name];
  const form = (other: Schema) => JSON.stringify(other["items"] ?? other["properties"] ?? "");
  const above = Object.entries(keysOf(parent)).slice(0, Object.keys(keysOf(parent)).indexOf(name));
  const twin = above.find(([, other]) => form(schema).includes('"properties"') && form(other) === form(schema))?.[0];
  return twin === undefined ? undefined : [...path.slice(0, -1), twin];
}

/** The path of the key that a reference leads to; undefined for a part of the schema that is shown where it is used. */
function placeOf(reference: string): readonly string[] | undefined {
  const [, scope = "", below] = /^#\/(?:definitions\/(\w+)\/)?properties\/(.+)$/.exec(reference) ?? [];
  if (below === undefined || !["", "component", "spec", "initContainer"].includes(scope)) return undefined;
  const keys = below.split("/properties/");
  return scope === "initContainer" ? ["initContainers", "<name>", ...keys] : keys;
}

function definitionOf({ schema }: Language, name: string): Schema | undefined {
  return (schema["definitions"] as Readonly<Record<string, Schema>>)[name];
}

function follow(language: Language, schema: Schema): Schema {
  if (typeof schema["$ref"] !== "string") return schema;
  const path = schema["$ref"].split("/").slice(1);
  return follow(language, path.reduce<unknown>((found, key) => (found as Schema)[key], language.schema) as Schema);
}

function keysOf(schema: Schema | undefined): Readonly<Record<string, Schema>> {
  return (schema?.["properties"] ?? {}) as Readonly<Record<string, Schema>>;
}
