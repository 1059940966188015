/** A JSON schema, or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };

/** The schemas that may hold at one place of a manifest: several where a value has several forms. */
export type Forms = readonly Schema[];

/** What the schema of the chart says about places in a manifest. */
export interface Language {
  readonly root: Schema;
  /** The schema that a `$ref` leads to, or the schema itself. */
  resolve(schema: Schema): Schema;
  /** The forms of the whole manifest. */
  readonly top: Forms;
  /** The forms of the value of a key; empty for an unknown key. */
  child(forms: Forms, key: string): Forms;
  /** The forms of the items of a list. */
  items(forms: Forms): Forms;
}

/** Reads a schema; only references into the schema itself are followed. */
export function languageOf(root: Schema): Language {
  const targets = new WeakMap<Schema, Schema>();
  const resolve = (schema: Schema): Schema => {
    if (typeof schema["$ref"] !== "string") return schema;
    const target = targets.get(schema) ?? follow(schema);
    targets.set(schema, target);
    return target;
  };
  const follow = (schema: Schema): Schema => {
    let found = schema;
    // A chain of references longer than this leads in a circle.
    for (let step = 0; step < 20 && typeof found["$ref"] === "string"; step++) found = lookUp(root, found["$ref"]);
    return found;
  };
  const expand = (schema: Schema, depth = 0): Schema[] => {
    const own = resolve(schema);
    if (depth > 20) return [own];
    const parts = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => listOf(own[keyword]));
    const chosen = ["then", "else"].map((keyword) => own[keyword]).filter(isSchema);
    return [own, ...[...parts, ...chosen].flatMap((part) => expand(part, depth + 1))];
  };
  const each = (forms: Forms, step: (form: Schema) => unknown): Forms =>
    forms
      .map(step)
      .filter(isSchema)
      .flatMap((schema) => expand(schema));
  return {
    root,
    resolve,
    top: expand(root),
    child: (forms, key) => each(forms, (form) => schemaOfKey(form, key)),
    items: (forms) => each(forms, (form) => form["items"]),
  };
}

/** The schema of one key in an object's own schema; undefined for a key that is not allowed. */
export function schemaOfKey(schema: Schema, key: string): unknown {
  const properties = schema["properties"] as Record<string, unknown> | undefined;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  const patterns = Object.entries((schema["patternProperties"] ?? {}) as Record<string, unknown>);
  const matching = patterns.find(([pattern]) => new RegExp(pattern, "u").test(key));
  return matching === undefined ? schema["additionalProperties"] : matching[1];
}

/** The keys that forms name. */
export function keysOf(forms: Forms): string[] {
  return [...new Set(forms.flatMap((form) => Object.keys((form["properties"] ?? {}) as object)))];
}

/** The types that forms admit, in JSON schema's words. */
export function typesOf(forms: Forms): Set<string> {
  const types = forms.flatMap((form) => {
    const values = "const" in form ? [form["const"]] : form["enum"];
    if (Array.isArray(values)) return values.map(typeOf);
    return [form["type"] ?? []].flat() as string[];
  });
  return new Set(types);
}

/** The type of a value in JSON schema's words. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Whether a value is a schema; `true` and `false` are schemas as well, but say nothing about keys. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schemas of a list such as that of `anyOf`. */
export function listOf(value: unknown): Schema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function lookUp(root: Schema, reference: string): Schema {
  let found: unknown = root;
  for (const part of reference.replace(/^#\/?/, "").split("/")) {
    found = (found as Record<string, unknown> | undefined)?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  if (!isSchema(found)) throw new Error(`the schema has no ${reference}`);
  return found;
}
