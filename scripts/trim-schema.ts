/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A mapping. */
export type JsonObject = { [key: string]: Json };

/** Gives a schema whose parts, but not itself, went through a function. */
export function mapParts(schema: JsonObject, change: (part: JsonObject, keyword: string) => Json): JsonObject {
  const mapped = { ...schema };
  for (const keyword of ["items", "additionalProperties", "not"]) {
    if (isObject(schema[keyword])) mapped[keyword] = change(schema[keyword], keyword);
  }
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    if (Array.isArray(schema[keyword]))
      mapped[keyword] = schema[keyword].map((part) => change(part as JsonObject, keyword));
  }
  if (isObject(schema["properties"])) {
    const entries = Object.entries(schema["properties"]);
    mapped["properties"] = Object.fromEntries(
      entries.map(([k, part]) => [k, change(part as JsonObject, "properties")]),
    );
  }
  return mapped;
}

/** Gives a schema with only some of its keywords, whatever the keys are called that it describes. */
export function withKeywords(schema: JsonObject, kept: ReadonlySet<string>): JsonObject {
  const own = Object.fromEntries(Object.entries(schema).filter(([keyword]) => kept.has(keyword)));
  return mapParts(own, (part) => withKeywords(part, kept));
}

/** Tells a mapping from everything else. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
