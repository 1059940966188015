/** A mapping of any keys, as YAML and JSON have them. */
export type Tree = Readonly<Record<string, unknown>>;

/** Whether a value is a mapping. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands below keys; undefined where one of them is missing. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((here, key) => (isTree(here) && Object.hasOwn(here, key) ? here[key] : undefined), value);
}

/** A list that may be missing. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? found : [];
}

/** Text that may be missing, or be no text. */
export function textAt(value: unknown, ...keys: readonly string[]): string {
  const found = at(value, ...keys);
  return typeof found === "string" ? found : "";
}
