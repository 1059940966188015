import { suggest } from "../core/suggest.ts";
import { type Fault, keywordJudge } from "./keywords.ts";
import { isSchema, keysOf, type Language, listOf, type Schema, schemaOfKey, typeOf, typesOf } from "./language.ts";
import type { Finding } from "./problem.ts";
import { describeFault, joinWords, show, typeFault } from "./words.ts";

/** Keywords that lead to other schemas; `ownKeywords` are about the value itself, and all others mean nothing here. */
export const followedKeywords: readonly string[] = [
  ...["$ref", "properties", "patternProperties", "additionalProperties", "propertyNames", "items"],
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else"],
];

/** What a value is checked in: where it is, and the schema of the mapping around it. */
interface Place {
  readonly keys: readonly string[];
  readonly around?: Schema;
}

/** What a document is read with, and what was found so far. */
interface Reading {
  readonly language: Language;
  readonly faultsOf: ReturnType<typeof keywordJudge>;
  /** One list takes all findings: a sound manifest then costs no more than looking at each of its values once. */
  readonly found: Finding[];
}

/**
 * Gives what says what is wrong with a document that a schema refuses. Where the schema has several forms, only the form that was
 * most likely meant is reported. Every problem of the document is given; none for a valid one.
 */
export function explainer(language: Language): (content: unknown) => Finding[] {
  const faultsOf = keywordJudge();
  return (content) => unique(findingsOf({ language, faultsOf }, language.root, content, { keys: [] }));
}

function findingsOf(reading: Omit<Reading, "found">, schema: Schema, value: unknown, place: Place): Finding[] {
  const found: Finding[] = [];
  visit({ ...reading, found }, schema, value, place);
  return found;
}

function visit(reading: Reading, given: Schema, value: unknown, place: Place): void {
  const { language, faultsOf, found } = reading;
  const schema = language.resolve(given);
  const faults = faultsOf(schema, value);
  const type = faults.find(({ keyword }) => keyword === "type");
  // Of the wrong type, nothing else that could be said is of use.
  if (type !== undefined) {
    found.push(describeFault(type, value, schema, place.keys));
    return;
  }
  if (faults.length > 0) found.push(...describeFaults(faults, value, schema, place));
  if (isSchema(value)) for (const key of Object.keys(value)) visitKey(reading, schema, key, value[key], place);
  if (Array.isArray(value)) visitItems(reading, schema, value, place);
  for (const part of listOf(schema["allOf"])) visit(reading, part, value, place);
  visitUnion(reading, listOf(schema["anyOf"]), value, place, false);
  visitUnion(reading, listOf(schema["oneOf"]), value, place, true);
  visitNot(reading, schema, value, place);
  visitCondition(reading, schema, value, place);
}

function visitKey(reading: Reading, schema: Schema, key: string, inner: unknown, place: Place): void {
  const { language, found } = reading;
  const keys = [...place.keys, key];
  const child = schemaOfKey(schema, key);
  if (child === false) {
    found.push(unknownKey(key, keys, schema, place, language));
    return;
  }
  const { propertyNames } = schema;
  if (isSchema(propertyNames)) {
    const ofName = findingsOf(reading, propertyNames, key, { keys });
    found.push(...ofName.map((finding) => ({ ...finding, target: "key" as const })));
  }
  if (isSchema(child)) visit(reading, child, inner, { keys, around: schema });
}

function visitItems(reading: Reading, { items }: Schema, value: readonly unknown[], { keys }: Place): void {
  if (!isSchema(items)) return;
  for (const [index, item] of value.entries()) visit(reading, items, item, { keys: [...keys, String(index)] });
}

function visitNot(reading: Reading, schema: Schema, value: unknown, place: Place): void {
  const refused = schema["not"];
  if (!isSchema(refused) || findingsOf(reading, refused, value, place).length > 0) return;
  reading.found.push(describeFault({ keyword: "not", limit: refused }, value, schema, place.keys));
}

function visitCondition(reading: Reading, schema: Schema, value: unknown, place: Place): void {
  const condition = schema["if"];
  if (!isSchema(condition)) return;
  const chosen = schema[findingsOf(reading, condition, value, place).length === 0 ? "then" : "else"];
  if (isSchema(chosen)) visit(reading, chosen, value, place);
}

function visitUnion(
  reading: Reading,
  branches: readonly Schema[],
  value: unknown,
  place: Place,
  onlyOne: boolean,
): void {
  if (branches.length === 0) return;
  const tried = branches.map((branch) => ({ branch, findings: findingsOf(reading, branch, value, place) }));
  const passed = tried.filter(({ findings }) => findings.length === 0).length;
  if (passed === 0) reading.found.push(...misfit(reading.language, tried, value, place));
  if (passed > 1 && onlyOne) reading.found.push(severalForms(choicesOf(branches), place.keys));
}

/** One form of a value, and what is wrong with the value as that form. */
interface Tried {
  readonly branch: Schema;
  readonly findings: readonly Finding[];
}

/** What is said of a value that fits none of the forms. */
function misfit(language: Language, tried: readonly Tried[], value: unknown, place: Place): readonly Finding[] {
  const branches = tried.map(({ branch }) => branch);
  const choices = choicesOf(branches);
  if (choices.length === branches.length && typeOf(value) === "object" && choicesOnly(branches)) {
    return [noForm(choices, place.keys)];
  }
  const fitting = tried.filter(({ branch }) => admits(language.resolve(branch), value));
  if (fitting.length === 0) return [typeFault(typesOf(branches.map(language.resolve)), value, place.keys)];
  return fitting.reduce((best, next) => (cost(next.findings) < cost(best.findings) ? next : best)).findings;
}

function admits(schema: Schema, value: unknown): boolean {
  const types = typesOf([schema]);
  const type = typeOf(value);
  return types.size === 0 || types.has(type) || (type === "integer" && types.has("number"));
}

/** The keys that forms ask for. */
function choicesOf(branches: readonly Schema[]): string[] {
  return branches.flatMap(({ required }) => (Array.isArray(required) ? required.map(String) : []));
}

function describeFaults(faults: readonly Fault[], value: unknown, schema: Schema, { keys }: Place): Finding[] {
  const misspelt = misspeltKeys(schema, value);
  return faults
    .filter(({ keyword, limit }) => keyword !== "required" || !misspelt.has(limit))
    .map((fault) => describeFault(fault, value, schema, keys));
}

/** A form whose own word for itself (`kind: Job`) or whose keys are others was hardly the one that was meant. */
const costs: Readonly<Record<string, number>> = { APP_VALUE_NOT_ALLOWED: 5, APP_KEY_UNKNOWN: 3 };

function cost(findings: readonly Finding[]): number {
  return findings.reduce((sum, { code }) => sum + (costs[code] ?? 1), 0);
}

/** The keys that were meant by unknown ones: they are not missing besides. */
function misspeltKeys(schema: Schema, value: unknown): Set<unknown> {
  if (!isSchema(value)) return new Set();
  const unknown = Object.keys(value).filter((key) => schemaOfKey(schema, key) === false);
  return new Set(unknown.map((key) => suggest(key, keysOf([schema]))));
}

function choicesOnly(branches: readonly Schema[]): boolean {
  return branches.every((branch) =>
    Object.keys(branch).every((key) => ["required", "not", "description"].includes(key)),
  );
}

function severalForms(choices: readonly string[], keys: readonly string[]): Finding {
  const what =
    choices.length === 0 ? "this fits more than one form" : `only one of ${joinWords(choices, "and")} may be given`;
  return { code: "APP_FORM_TWICE", keys, target: "key", message: what, hint: "" };
}

function noForm(choices: readonly string[], keys: readonly string[]): Finding {
  const message = `one of ${joinWords(choices, "and")} must be given`;
  return { code: "APP_KEY_MISSING", keys, target: "key", message, hint: "" };
}

function unknownKey(
  key: string,
  keys: readonly string[],
  schema: Schema,
  { around }: Place,
  language: Language,
): Finding {
  const hint = whereKeyBelongs(key, keys, schema, around, language);
  const known = keysOf([schema]);
  // A long list would hide the advice, and is none.
  const allowed = known.length > 10 ? "" : ` (known here: ${known.join(", ") || "none"})`;
  const message = `${show(key)} is not a key here${allowed}`;
  return { code: "APP_KEY_UNKNOWN", keys, target: "key", message, hint };
}

/** The key that was meant: one with nearly the same letters, or the same one a level further down or up. */
function whereKeyBelongs(
  key: string,
  keys: readonly string[],
  schema: Schema,
  around: Schema | undefined,
  language: Language,
): string {
  const near = suggest(key, keysOf([schema]));
  if (near !== undefined) return `did you mean \`${near}\`?`;
  const inside = keysOf([schema]).filter((sibling) => keysOf(language.child([schema], sibling)).includes(key));
  if (inside.length > 0) {
    const below = inside.slice(0, 3).map((sibling) => `\`${sibling}\``);
    return `\`${key}\` belongs one level down, under ${joinWords(below, "or")}`;
  }
  if (around !== undefined && keysOf([around]).includes(key)) {
    const above = keys.slice(0, -2).join(".") || "the top of the file";
    return `\`${key}\` belongs one level up, in ${above}`;
  }
  return "";
}

function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((finding) => [JSON.stringify([finding.keys, finding.message]), finding]));
  return [...seen.values()];
}
