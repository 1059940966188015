import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

/** A part of a JSON Schema. */
type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
};

/** One operation of GitHub's API, as its OpenAPI document describes it. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, Schema>>;
  readonly body?: Schema | null;
  /** By status; null for an empty answer. */
  readonly responses: Readonly<Record<string, Schema | null>>;
}

interface Document {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, Schema>>;
}

// Written by scripts/trim-github-openapi.ts.
const file = new URL("./fixtures/recorded/openapi.json", import.meta.url);
// The schemas refer to each other by a place in that document: with a name for it, each is compiled once for all operations.
const { operations, schemas }: Document = JSON.parse(readFileSync(file, "utf8").replaceAll('"#/', '"github#/'));
const ajv = new Ajv({ strict: false, validateFormats: false, coerceTypes: false }).addSchema({ schemas }, "github");
// Only a path of a file, and a ref, have slashes in them.
const patterns = operations.map((operation) => {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => (/^(path|ref)$/.test(name) ? "(.+)" : "([^/]+)"));
  return { operation, pattern: new RegExp(`^${path}$`) };
});

/** The operation for a request, with the values in its path; undefined when GitHub's document has none. */
export function findOperation(method: string, path: string): { operation: Operation; values: string[] } | undefined {
  for (const { operation, pattern } of patterns) {
    const found = operation.method === method ? pattern.exec(path) : null;
    if (found !== null) return { operation, values: found.slice(1) };
  }
  return undefined;
}

/** What is wrong with a value, in words; undefined when it fits the schema. */
export function problemWith(value: unknown, schema: Schema): string | undefined {
  const validate = ajv.compile(schema);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

/** What is wrong with a query, in words. Values of a query are text, so numbers are read first. */
export function problemWithQuery(query: URLSearchParams, { query: known }: Operation): string | undefined {
  for (const [name, text] of query) {
    const schema = known[name];
    if (schema === undefined) return `unknown parameter ${name}`;
    const value = schema.type === "integer" ? Number(text) : schema.type === "boolean" ? text === "true" : text;
    const problem = problemWith(value, schema);
    if (problem !== undefined) return `parameter ${name}: ${problem}`;
  }
  return undefined;
}

/**
 * A value that fits a schema with as little as possible in it, and `known` laid over it: GitHub's objects have some
 * eighty required fields, and the stand-in has an opinion about a few of them.
 */
export function fill(name: string, known: Readonly<Record<string, unknown>>): Record<string, unknown> {
  let empty = fillings.get(name);
  if (empty === undefined) {
    const { anyOf, ...schema } = schemas[name] ?? {};
    // Some are "this or null".
    empty = smallest(anyOf?.[0] ?? schema) as Record<string, unknown>;
    fillings.set(name, empty);
  }
  return { ...empty, ...known };
}

const fillings = new Map<string, Readonly<Record<string, unknown>>>();

function smallest(schema: Schema): unknown {
  if (schema.$ref !== undefined) return smallest(schemas[schema.$ref.replace("github#/schemas/", "")] ?? {});
  const choices = schema.anyOf ?? schema.oneOf;
  // "Or null" is written as the last choice.
  if (choices !== undefined) return choices.some(({ type }) => type === "null") ? null : smallest(choices[0] ?? {});
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map(smallest));
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case "string":
      return schema.format === "date-time" ? new Date(0).toISOString() : "";
    case "integer":
    case "number":
      return 0;
    case "boolean":
      return false;
    case "array":
      return [];
    default:
      return Object.fromEntries((schema.required ?? []).map((key) => [key, smallest(schema.properties?.[key] ?? {})]));
  }
}
