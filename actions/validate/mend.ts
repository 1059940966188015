import type { Finding } from "./problem.ts";
import type { Judge } from "./schema.ts";

/** A manifest's content that its schema takes, and what had to be taken out for that. */
export interface Mended {
  readonly content: unknown;
  readonly removed: readonly (readonly string[])[];
}

/** What other parts of a manifest refer to, or go by: without it, rules would be broken that nobody broke. */
const referredTo = new Set([
  ...["components", "secrets", "config", "ports", "port", "namespaces", "volumes", "kind", "extends", "enabled"],
]);

/** A removed value can leave the mapping around it incomplete, and so on up. */
const mostRounds = 5;

/**
 * Makes a manifest that its schema refuses fit for the chart, so that the rules of the chart can be asked as well: what was
 * probably meant is put in, what else is wrong is taken out. Undefined where the rules would judge by what is missing then.
 */
export async function mend(given: unknown, judge: Judge): Promise<Mended | undefined> {
  const content = structuredClone(given);
  const removed: (readonly string[])[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const findings = await judge.explain(content);
    if (findings.length === 0) return { content, removed };
    for (const finding of findings) {
      const keys = replace(content, finding) ? undefined : remove(content, wrongIn(finding));
      if (keys !== undefined) removed.push(keys);
    }
    if (removed.some((keys) => keys.length === 0 || keys.slice(-2).some((key) => referredTo.has(key))))
      return undefined;
  }
  return undefined;
}

/** What is to go: of a key that is missing, the mapping around it. */
function wrongIn({ code, keys }: Finding): readonly string[] {
  return code === "APP_KEY_MISSING" ? keys.slice(0, -1) : keys;
}

/** Puts in the key or the value that was probably meant, if there is one. */
function replace(content: unknown, { code, keys, hint }: Finding): boolean {
  const [, meant] = /^did you mean `(.+)`\?$/.exec(hint) ?? [];
  const around = at(content, keys.slice(0, -1));
  const key = keys.at(-1);
  if (meant === undefined || key === undefined || !isMapping(around)) return false;
  if (code === "APP_VALUE_NOT_ALLOWED") around[key] = meant;
  else if (code === "APP_KEY_UNKNOWN" && !Object.hasOwn(around, meant)) {
    around[meant] = around[key];
    delete around[key];
  } else return false;
  return true;
}

/** Takes out a value, or the list that it is in, and gives the keys that lead there; undefined where it is gone already. */
function remove(content: unknown, keys: readonly string[]): readonly string[] | undefined {
  const key = keys.at(-1);
  if (key === undefined) return [];
  const around = at(content, keys.slice(0, -1));
  if (Array.isArray(around)) return remove(content, keys.slice(0, -1));
  if (!isMapping(around) || !Object.hasOwn(around, key)) return undefined;
  delete around[key];
  return keys;
}

function at(content: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (here, key) => (typeof here === "object" && here !== null ? (here as Record<string, unknown>)[key] : undefined),
    content,
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
