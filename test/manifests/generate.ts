import { isDeepStrictEqual } from "node:util";
import { meaningOf } from "./meaning.ts";
import { textMatching } from "./pattern.ts";
import { type ComponentPlan, type Plan, planManifest } from "./plan.ts";
import { type Random, randomFrom } from "./random.ts";

/** A part of a JSON schema. */
export type Schema = { readonly [keyword: string]: unknown };

/** A generated manifest. */
export interface Manifest {
  readonly content: Readonly<Record<string, unknown>>;
  /** The names of the environments that it declares; of a pattern, one that fits. */
  readonly environments: readonly string[];
}

/** Where in a manifest something is made. */
export interface Here {
  /** The whole schema, which references lead into. */
  readonly root: Schema;
  readonly random: Random;
  readonly plan: Plan;
  /** Whether this lies under `environments`. */
  readonly environment: boolean;
  readonly scope: "application" | "defaults" | "component";
  /** The component that is written; the whole of a single application is one. */
  readonly component?: ComponentPlan;
  /** The name of the nearest entry of a map. */
  readonly entry: string;
}

/** Left out: what has no value here. */
const absent = Symbol("absent");

/**
 * Gives what makes valid manifests from the chart's schema, each from a seed. Every key comes from the schema, with a value
 * of its type and pattern; what the schema cannot say is said by the table in meaning.ts.
 */
export function manifestGenerator(root: Schema): (seed: number) => Manifest {
  return (seed) => {
    const random = randomFrom(seed);
    const plan = planManifest(random);
    const component = plan.single ? { component: plan.components[0] as ComponentPlan } : {};
    const here: Here = { root, random, plan, environment: false, scope: "application", entry: "", ...component };
    const content = make(root, "top", here) as Record<string, unknown>;
    return { content, environments: plan.environments.map((name) => name.replace("*", "7")) };
  };
}

/** A schema without its reference, and its place: the path of the definition that holds it. */
function follow(root: Schema, schema: Schema, place: string): [schema: Schema, place: string] {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return [schema, place];
  const path = reference.split("/").slice(1);
  const found = path.reduce<unknown>((inner, key) => (inner as Schema)[key], root) as Schema;
  const names = path.filter((key) => key !== "properties");
  return follow(root, found, (names[0] === "definitions" ? names.slice(1) : ["top", ...names]).join("."));
}

function make(given: Schema, at: string, here: Here): unknown {
  const [schema, place] = follow(here.root, given, at);
  const { value, enter } = meaningOf(place);
  const inside = enter?.(here) ?? here;
  if (value !== undefined) return value(inside) ?? absent;
  if (schema["const"] !== undefined) return schema["const"];
  const { random } = here;
  const choices = schema["enum"] as readonly unknown[] | undefined;
  if (choices !== undefined) return random.pick(choices.filter((choice) => choice !== null));
  if (Array.isArray(schema["allOf"])) return make(unite(here.root, schema["allOf"], place), place, inside);
  const types = [schema["type"]].flat().filter((type) => type !== "null");
  return makers[random.pick(types) as keyof typeof makers](schema, place, inside);
}

function unite(root: Schema, parts: readonly Schema[], place: string): Schema {
  const required = parts.flatMap((part) => (part["required"] as string[] | undefined) ?? []);
  return Object.assign({}, ...parts.map((part) => follow(root, part, place)[0]).reverse(), { required });
}

const makers = {
  boolean: (_schema: Schema, _place: string, { random }: Here) => random.chance(0.5),
  integer: ({ minimum = 0, maximum }: Schema, _place: string, { random }: Here) => {
    const least = Number(minimum);
    return random.between(least, Math.min(Number(maximum ?? Number.POSITIVE_INFINITY), least + 20));
  },
  number: ({ minimum = 0 }: Schema, _place: string, { random }: Here) => Number(minimum) + random.between(1, 99) / 8,
  string: (schema: Schema, _place: string, { random }: Here) => makeText(schema, random),
  array: (schema: Schema, place: string, here: Here) => {
    const count = here.random.between(Number(schema["minItems"] ?? 1), 2);
    const items = Array.from({ length: count }, () => makeItem(schema, place, here));
    return items.filter((item) => item !== absent);
  },
  object: (schema: Schema, place: string, here: Here) => makeMap(schema, place, here),
};

/** An item may mean more in its list than what it refers to. */
function makeItem(schema: Schema, place: string, here: Here): unknown {
  const { value } = meaningOf(`${place}[]`);
  return value === undefined ? make(schema["items"] as Schema, `${place}[]`, here) : value(here);
}

function makeMap(schema: Schema, place: string, here: Here): unknown {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  const map: Record<string, unknown> = {};
  for (const key of chooseKeys(schema, place, here)) {
    const value = makeOrNull(properties[key] as Schema, `${place}.${key}`, here);
    if (value !== absent) map[key] = value;
  }
  for (const name of entryNames(schema, place, here)) {
    const value = makeOrNull(schema["additionalProperties"] as Schema, `${place}.*`, { ...here, entry: name });
    if (value !== absent && !(name in map)) map[name] = value;
  }
  return Object.keys(map).length < Number(schema["minProperties"] ?? 0) ? absent : map;
}

/** Null takes away what a lower layer says: of the component's own keys, where the table does not need them. */
function makeOrNull(given: Schema, at: string, here: Here): unknown {
  const own = meaningOf(at).value;
  if (own !== undefined && "$ref" in given) return own(here) ?? absent;
  const [schema, place] = follow(here.root, given, at);
  const admits = [schema["type"]].flat().includes("null");
  const wanted = here.environment && admits && meaningOf(place).removable?.(here) === true && here.random.chance(0.08);
  return wanted ? null : make(schema, place, here);
}

function chooseKeys(schema: Schema, place: string, here: Here): string[] {
  const { always, oneOf = [] } = meaningOf(place);
  const keys = Object.entries((schema["properties"] ?? {}) as Readonly<Record<string, Schema>>).filter(
    ([key, value]) => {
      const at = follow(here.root, value, `${place}.${key}`)[1];
      return meaningOf(at).when?.(here) !== false && belongs(at, here);
    },
  );
  const names = keys.map(([key]) => key);
  const needed = new Set([...((schema["required"] as string[] | undefined) ?? []), ...(always?.(here) ?? [])]);
  const forms = oneOf.filter((key) => names.includes(key));
  const form = forms.length > 0 ? here.random.pick(forms) : undefined;
  const most = Number(schema["maxProperties"] ?? Number.POSITIVE_INFINITY);
  const share = here.environment ? 0.1 : names.length > 8 ? 0.25 : 0.5;
  return names
    .filter((key) => (forms.includes(key) ? key === form : needed.has(key) || here.random.chance(share)))
    .slice(0, most);
}

/** Of several components, each has its own keys; what they share lies in the defaults. */
function belongs(place: string, { plan, scope }: Here): boolean {
  const ofApplication = ["component.image", "component.ingress"].includes(place);
  return scope !== "application" || plan.single || !/^component\.\w+$/.test(place) || ofApplication;
}

function entryNames(schema: Schema, place: string, here: Here): readonly string[] {
  const entries = schema["additionalProperties"];
  if (typeof entries !== "object") return [];
  const names = meaningOf(place).names;
  if (names !== undefined) return names(here);
  const nameSchema = (schema["propertyNames"] ?? {}) as Schema;
  return Array.from({ length: here.random.between(1, 2) }, () => makeText(nameSchema, here.random));
}

const words = ["alpha", "beta", "gamma", "delta", "epsilon"];
const attempts = 50;

/** A text that fits a schema. */
function makeText(schema: Schema, random: Random): string {
  const { pattern, maxLength = 200, minLength = 0, not } = schema;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const text = typeof pattern === "string" ? textMatching(pattern, random) : random.pick(words);
    const fits = text.length >= Number(minLength) && text.length <= Number(maxLength);
    if (fits && !(not !== undefined && matches(not as Schema, text))) return text;
  }
  throw new Error(`no text fits ${JSON.stringify(schema)}`);
}

function matches(schema: Schema, text: string): boolean {
  if ("const" in schema) return isDeepStrictEqual(schema["const"], text);
  return new RegExp(String(schema["pattern"]), "u").test(text);
}
