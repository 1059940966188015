import { Ajv, type ValidateFunction } from "ajv";
import { suggest } from "../core/suggest.ts";
import { isSchema, keysOf, type Language, listOf, type Schema, schemaOfKey, typeOf, typesOf } from "./language.ts";
import type { Finding } from "./problem.ts";
import { describeFault, type Fault, joinWords, show, typeFault } from "./words.ts";

/** Keywords that are followed here; all others are ajv's to judge, one schema at a time. */
const followed = new Set([
  ...["$ref", "$schema", "$id", "definitions", "title", "description", "default", "examples"],
  ...["properties", "patternProperties", "additionalProperties", "propertyNames", "items"],
  ...["allOf", "anyOf", "oneOf", "if", "then", "else"],
]);

/** What a value is checked in: where it is, and the schema of the mapping around it. */
interface Place {
  readonly keys: readonly string[];
  readonly around?: Schema;
}

/**
 * Gives what says what is wrong with a document that a schema refuses. Where the schema has several forms, only the form that was
 * most likely meant is reported. Every problem of the document is given; none for a valid one.
 */
export function explainer(language: Language): (content: unknown) => Finding[] {
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true, logger: false });
  const compiled = new WeakMap<Schema, ValidateFunction>();

  const judge = (schema: Schema): ValidateFunction => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const own = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !followed.has(keyword)));
    const made = ajv.compile({ ...own, definitions: language.root["definitions"] });
    compiled.set(schema, made);
    return made;
  };

  const visit = (given: Schema, value: unknown, place: Place): Finding[] => {
    const schema = language.resolve(given);
    const validate = judge(schema);
    const all = validate(value) ? [] : (validate.errors as readonly Fault[]);
    const misspelt = misspeltKeys(schema, value);
    const faults = all.filter(({ params }) => !misspelt.has(params["missingProperty"]));
    const type = faults.find(({ keyword }) => keyword === "type");
    // Of the wrong type, nothing else that could be said is of use.
    if (type !== undefined) return [describeFault(type, value, schema, place.keys)];
    return [
      ...faults.map((fault) => describeFault(fault, value, schema, place.keys)),
      ...(isSchema(value) ? visitKeys(schema, value, place) : []),
      ...(Array.isArray(value) ? visitItems(schema, value, place) : []),
      ...listOf(schema["allOf"]).flatMap((part) => visit(part, value, place)),
      ...visitUnion(listOf(schema["anyOf"]), value, place, false),
      ...visitUnion(listOf(schema["oneOf"]), value, place, true),
      ...visitCondition(schema, value, place),
    ];
  };

  const visitKeys = (schema: Schema, value: Readonly<Record<string, unknown>>, place: Place): Finding[] =>
    Object.entries(value).flatMap(([key, inner]) => {
      const keys = [...place.keys, key];
      const child = schemaOfKey(schema, key);
      if (child === false) return [unknownKey(key, keys, schema, place, language)];
      const name = isSchema(schema["propertyNames"]) ? visit(schema["propertyNames"], key, { keys }) : [];
      return [
        ...name.map((finding) => ({ ...finding, target: "key" as const })),
        ...(isSchema(child) ? visit(child, inner, { keys, around: schema }) : []),
      ];
    });

  const visitItems = ({ items }: Schema, value: readonly unknown[], { keys }: Place): Finding[] =>
    isSchema(items) ? value.flatMap((item, index) => visit(items, item, { keys: [...keys, String(index)] })) : [];

  const visitCondition = (schema: Schema, value: unknown, place: Place): Finding[] => {
    const condition = schema["if"];
    if (!isSchema(condition)) return [];
    const chosen = schema[visit(condition, value, place).length === 0 ? "then" : "else"];
    return isSchema(chosen) ? visit(chosen, value, place) : [];
  };

  const visitUnion = (branches: readonly Schema[], value: unknown, place: Place, onlyOne: boolean): Finding[] => {
    if (branches.length === 0) return [];
    const tried = branches.map((branch) => ({ branch, findings: visit(branch, value, place) }));
    const passed = tried.filter(({ findings }) => findings.length === 0);
    if (passed.length === 1 || (passed.length > 1 && !onlyOne)) return [];
    const choices = branches.flatMap(({ required }) => (Array.isArray(required) ? required.map(String) : []));
    if (passed.length > 1) return [severalForms(choices, place.keys)];
    if (choices.length === branches.length && typeOf(value) === "object" && choicesOnly(branches)) {
      return [noForm(choices, place.keys)];
    }
    const fitting = tried.filter(({ branch }) => admits(branch, value));
    if (fitting.length === 0) return [typeFault(typesOf(branches.map(language.resolve)), value, place.keys)];
    return fitting.reduce((best, next) => (cost(next.findings) < cost(best.findings) ? next : best)).findings;
  };

  const admits = (branch: Schema, value: unknown): boolean => {
    const types = typesOf([language.resolve(branch)]);
    const type = typeOf(value);
    return types.size === 0 || types.has(type) || (type === "integer" && types.has("number"));
  };

  return (content) => unique(visit(language.root, content, { keys: [] }));
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
  // A long list would hide the advice.
  const allowed = hint !== "" && known.length > 10 ? "" : ` (known here: ${known.join(", ") || "none"})`;
  return { code: "APP_KEY_UNKNOWN", keys, target: "key", message: `${show(key)} is not a key here${allowed}`, hint };
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
