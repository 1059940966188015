import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suggest } from "../core/suggest.ts";
import type { RuleError } from "./application.ts";

/**
 * Checks a manifest against the chart's own `values.schema.json`, which is the one schema for Helm, for editors and for us.
 * Gives every problem that it finds, each with the path of the value.
 */
export async function checkSchema(content: unknown, chart: string): Promise<RuleError[]> {
  const { Ajv } = await import("ajv");
  const schema = JSON.parse(await readFile(join(chart, "values.schema.json"), "utf8"));
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
  const validate = ajv.compile(schema);
  if (validate(content)) return [];
  return mostSpecific((validate.errors ?? []).map(describe));
}

interface SchemaFault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Record<string, unknown>;
  readonly message?: string;
  readonly parentSchema?: Record<string, unknown>;
  readonly data?: unknown;
}

function describe(fault: SchemaFault): RuleError & { readonly keyword: string } {
  const keys = fault.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const { keyword } = fault;
  if (keyword === "additionalProperties") {
    const key = String(fault.params["additionalProperty"]);
    const allowed = Object.keys((fault.parentSchema?.["properties"] as object | undefined) ?? {});
    const near = suggest(key, allowed);
    const hint = near === undefined ? `; known here: ${allowed.join(", ")}` : `; did you mean \`${near}\`?`;
    return {
      keyword,
      code: "APP_KEY_UNKNOWN",
      path: [...keys, key].join("."),
      message: `\`${key}\` is not a key${hint}`,
    };
  }
  const allowedValues = fault.params["allowedValues"];
  const allowed = Array.isArray(allowedValues) ? ` (${allowedValues.map(String).join(", ")})` : "";
  const value = JSON.stringify(fault.data)?.slice(0, 60);
  const message = `${value} ${fault.message ?? "is not allowed"}${allowed}`;
  return { keyword, code: "APP_VALUE_INVALID", path: keys.join("."), message };
}

/** A union reports one problem per branch and one for itself; the branches say more. */
function mostSpecific(errors: readonly (RuleError & { readonly keyword: string })[]): RuleError[] {
  const unions = new Set(["anyOf", "oneOf", "if", "allOf"]);
  const plain = errors.filter((error) => !unions.has(error.keyword));
  const kept = plain.length > 0 ? plain : errors;
  const seen = new Set<string>();
  return kept
    .filter(({ path, message }) => !seen.has(`${path} ${message}`) && seen.add(`${path} ${message}`))
    .map(({ code, path, message }) => ({ code, path, message }));
}
