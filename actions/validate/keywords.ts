import { isDeepStrictEqual } from "node:util";
import { isSchema, type Schema } from "./language.ts";

/** What one keyword of a schema found wrong with a value. */
export interface Fault {
  readonly keyword: string;
  /** What the schema says under that keyword; of `required` the one key that is missing. */
  readonly limit: unknown;
}

/** Whether a value keeps to what its schema says under one keyword; a value of another type always does. */
type Rule = (value: unknown, limit: unknown) => boolean;

const fixedRules: readonly (readonly [string, Rule])[] = [
  ["type", isOfSomeType],
  ["enum", (value, allowed) => (allowed as readonly unknown[]).some((one) => isSame(value, one))],
  ["const", isSame],
  ["minimum", ofNumber((value, limit) => value >= limit)],
  ["maximum", ofNumber((value, limit) => value <= limit)],
  ["exclusiveMinimum", ofNumber((value, limit) => value > limit)],
  ["exclusiveMaximum", ofNumber((value, limit) => value < limit)],
  ["multipleOf", ofNumber((value, limit) => Number.isInteger(value / limit))],
  ["minLength", ofSize(lengthOfText, (length, limit) => length >= limit)],
  ["maxLength", ofSize(lengthOfText, (length, limit) => length <= limit)],
  ["minItems", ofSize(lengthOfList, (length, limit) => length >= limit)],
  ["maxItems", ofSize(lengthOfList, (length, limit) => length <= limit)],
  ["minProperties", ofSize(countOfKeys, (count, limit) => count >= limit)],
  ["maxProperties", ofSize(countOfKeys, (count, limit) => count <= limit)],
  ["uniqueItems", (value, unique) => unique !== true || !Array.isArray(value) || !hasTwins(value)],
];

/** Keywords of JSON schema that are judged here; what they say is about the value itself, not about what is in it. */
export const ownKeywords: readonly string[] = [...fixedRules.map(([keyword]) => keyword), "pattern", "required"];

/**
 * Gives what says what the keywords of one schema find wrong with a value, without those that lead to other schemas.
 * Each pattern is compiled once.
 */
export function keywordJudge(): (schema: Schema, value: unknown) => Fault[] {
  const patterns = new Map<unknown, RegExp>();
  const patternOf = (source: unknown): RegExp => {
    const pattern = patterns.get(source) ?? new RegExp(String(source), "u");
    patterns.set(source, pattern);
    return pattern;
  };
  const matches: Rule = (value, source) => typeof value !== "string" || patternOf(source).test(value);
  const rules: ReadonlyMap<string, Rule> = new Map([...fixedRules, ["pattern", matches]]);
  return (schema, value) => {
    const faults: Fault[] = [];
    for (const keyword in schema) {
      const limit = schema[keyword];
      const rule = rules.get(keyword);
      if (rule !== undefined && !rule(value, limit)) faults.push({ keyword, limit });
      if (keyword === "required" && isSchema(value)) faults.push(...missingKeys(value, limit as readonly string[]));
    }
    return faults;
  };
}

function missingKeys(value: object, required: readonly string[]): Fault[] {
  const missing = required.filter((key) => !Object.hasOwn(value, key));
  return missing.map((key) => ({ keyword: "required", limit: key }));
}

function isOfSomeType(value: unknown, types: unknown): boolean {
  return Array.isArray(types) ? types.some((type) => isOfType(value, type)) : isOfType(value, types);
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isSchema(value);
  if (type === "integer") return Number.isInteger(value);
  // Infinity and what is no number are no numbers in JSON.
  if (type === "number") return Number.isFinite(value);
  return typeof value === type;
}

function isSame(value: unknown, other: unknown): boolean {
  return value === other || (typeof value === "object" && isDeepStrictEqual(value, other));
}

function ofNumber(holds: (value: number, limit: number) => boolean): Rule {
  return (value, limit) => typeof value !== "number" || holds(value, Number(limit));
}

function ofSize(sizeOf: (value: unknown) => number | undefined, holds: (size: number, limit: number) => boolean): Rule {
  return (value, limit) => {
    const size = sizeOf(value);
    return size === undefined || holds(size, Number(limit));
  };
}

/** In characters, as JSON schema counts: an emoji is one. */
function lengthOfText(value: unknown): number | undefined {
  return typeof value === "string" ? [...value].length : undefined;
}

function lengthOfList(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function countOfKeys(value: unknown): number | undefined {
  return isSchema(value) ? Object.keys(value).length : undefined;
}

function hasTwins(list: readonly unknown[]): boolean {
  return list.some((item, index) => list.slice(0, index).some((other) => isSame(item, other)));
}
