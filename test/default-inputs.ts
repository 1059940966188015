import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The inputs of an action in `actions/` as variables of its step, with the defaults that its `action.yml` gives them. */
export function defaultInputs(action: string): Record<string, string> {
  const file = join(import.meta.dirname, "../actions", action, "action.yml");
  const { inputs }: { inputs: Record<string, { default?: unknown }> } = parse(readFileSync(file, "utf8"));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { default: value = "" }]) => [`INPUT_${name.toUpperCase()}`, String(value)]),
  );
}
