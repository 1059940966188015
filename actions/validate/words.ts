import { suggest } from "../core/suggest.ts";
import type { Fault } from "./keywords.ts";
import type { Schema } from "./language.ts";
import { patternWords, refusedWords } from "./pattern-words.ts";
import type { Finding } from "./problem.ts";

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  null: "null",
};

/** Says in a sentence what a keyword of the schema found wrong. */
export function describeFault(fault: Fault, value: unknown, schema: Schema, keys: readonly string[]): Finding {
  const { keyword, limit } = fault;
  if (keyword === "type") return typeFault(new Set([limit].flat() as string[]), value, keys);
  if (keyword === "required") return missingKey(String(limit), keys, schema);
  if (keyword === "enum") return choiceFault(limit as readonly unknown[], value, keys);
  if (keyword === "const") return choiceFault([limit], value, keys);
  const described = typeof schema["description"] === "string" ? firstSentence(schema["description"]) : "";
  const example = keyword === "pattern" ? exampleIn(schema) : undefined;
  const hint = [described, example === undefined ? "" : `for example ${show(example)}`].filter(Boolean).join(", ");
  return { code: "APP_VALUE_INVALID", keys, target: "value", message: limitSentence(fault, value, example), hint };
}

function limitSentence(fault: Fault, value: unknown, example: string | undefined): string {
  const { keyword, limit } = fault;
  if (keyword === "maxProperties" && limit === 1 && typeof value === "object" && value !== null) {
    return `only one of ${joinWords(Object.keys(value), "and")} may be given`;
  }
  if (keyword !== "pattern") return `${show(value)} ${limitOf(fault, value)}`;
  const words = patternWords[String(limit)];
  if (words !== undefined) return `${show(value)} is not ${words}`;
  return `${show(value)} does not have the form ${example === undefined ? limit : `of ${show(example)}`}`;
}

function exampleIn({ examples }: Schema): string | undefined {
  return Array.isArray(examples) ? examples.find((example) => typeof example === "string") : undefined;
}

/** A value of a type that is not allowed. */
export function typeFault(types: ReadonlySet<string>, value: unknown, keys: readonly string[]): Finding {
  const named = [...types].filter((type) => type !== "null" || types.size === 1).map((type) => typeNames[type] ?? type);
  return {
    code: "APP_VALUE_TYPE",
    keys,
    target: "value",
    message: `${show(value)} is not ${joinWords(named, "or")}`,
    hint: spelling(types, value),
  };
}

/** The same value, spelled so that it has a type that is allowed. */
function spelling(types: ReadonlySet<string>, value: unknown): string {
  const simple = ["number", "boolean"].includes(typeof value);
  if (simple && types.has("string")) return `write it in quotes: "${value}"`;
  if (typeof value !== "string") return "";
  const numeric = (types.has("integer") || types.has("number")) && /^-?\d+(\.\d+)?$/.test(value);
  const truth = types.has("boolean") && /^(true|false)$/i.test(value);
  return numeric || truth ? `write it without quotes: ${value.toLowerCase()}` : "";
}

function missingKey(key: string, keys: readonly string[], schema: Schema): Finding {
  const described = (schema["properties"] as Record<string, Schema> | undefined)?.[key]?.["description"];
  const hint = typeof described === "string" ? firstSentence(described) : "";
  return { code: "APP_KEY_MISSING", keys: [...keys, key], target: "key", message: `\`${key}\` is missing`, hint };
}

function choiceFault(allowed: readonly unknown[], value: unknown, keys: readonly string[]): Finding {
  const words = allowed.filter((entry) => entry !== null).map(String);
  const near = typeof value === "string" ? suggest(value, words) : undefined;
  return {
    code: "APP_VALUE_NOT_ALLOWED",
    keys,
    target: "value",
    message: `${show(value)} is not ${words.length === 1 ? words[0] : `one of ${joinWords(words, "and")}`}`,
    hint: near === undefined ? "" : `did you mean \`${near}\`?`,
  };
}

function limitOf({ keyword, limit }: Fault, value: unknown): string {
  const length = typeof value === "string" ? [...value].length : undefined;
  if (keyword === "minimum") return `is less than ${limit}`;
  if (keyword === "maximum") return `is more than ${limit}`;
  if (keyword === "exclusiveMinimum") return `is not more than ${limit}`;
  if (keyword === "exclusiveMaximum") return `is not less than ${limit}`;
  if (keyword === "multipleOf") return `is no multiple of ${limit}`;
  if (keyword === "minLength")
    return length === 0 ? "is empty" : `has ${length} characters; at least ${limit} are needed`;
  if (keyword === "maxLength") return `has ${length} characters; at most ${limit} are allowed`;
  if (keyword === "maxProperties") return `has more than ${limit} ${limit === 1 ? "key" : "keys"}`;
  if (keyword === "minProperties" || keyword === "minItems") return `has fewer than ${limit} entries`;
  if (keyword === "maxItems") return `has more than ${limit} entries`;
  if (keyword === "uniqueItems") return "holds an entry twice";
  return refusedWords[String((limit as Schema | null)?.["pattern"])] ?? "is not allowed";
}

/** A value as a sentence can hold it: what a key or a mapping looks like matters less than its first letters. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return typeof value === "string" ? `\`${short.replaceAll("`", "'").replaceAll("\n", "\\n")}\`` : short;
}

/** `a`, `a or b`, `a, b or c`. */
export function joinWords(words: readonly string[], last: "and" | "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s|$)/.exec(text)?.[0].slice(0, -1) ?? text;
}
