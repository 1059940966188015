import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";

const replaced = "actions/validate/compiled-schema.ts";

/** Puts generated code in place of the module that compiles the chart's schema when it is loaded, which takes 0.2 s. */
export function compiledSchema(root: string) {
  return {
    name: "compiled-schema",
    load: (id: string) => (id === join(root, replaced) ? acceptsCode(join(root, "chart/values.schema.json")) : null),
  };
}

/** The code of a module with the same `accepts` as the one that is replaced. */
export function acceptsCode(schemaFile: string): string {
  // A form that spec and every environment share is one function, in place of a copy for each.
  const ajv = new Ajv({ strict: false, inlineRefs: false, messages: false, code: { source: true, esm: true } });
  const schema = withoutProse(JSON.parse(readFileSync(schemaFile, "utf8")));
  ajv.addSchema(schema as object, "manifest");
  return standalone.default(ajv, { accepts: "manifest" });
}

/** A schema without what only people read; the generated code would carry it along. */
function withoutProse(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value) => (isProse(key, value) ? undefined : value)));
}

/** A key of that name in `properties` has a schema for its value, and is no prose. */
function isProse(key: string, value: unknown): boolean {
  if (key === "examples") return Array.isArray(value);
  return (key === "description" || key === "title") && typeof value === "string";
}
