import { isDeepStrictEqual } from "node:util";
import { isTree, textAt } from "./tree.ts";

/** A key whose value differs, with both values where they are short. */
export interface KeyChange {
  /** Keys joined by dots; an item of a list goes by its name where it has one. */
  readonly path: string;
  /** `2 → 3`, `added` or `removed`; empty for values that are too long to show. */
  readonly values: string;
}

/** Longer values are in the diff only. */
const longest = 40;

/** Every key in which two values differ, the topmost one where something is added or removed whole. */
export function changedKeys(before: unknown, after: unknown, keys: readonly string[] = []): KeyChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [left, right] = [before, after].map(entries);
  if (left !== undefined && right !== undefined) {
    const names = [...new Set([...left.keys(), ...right.keys()])];
    return names.flatMap((name) => changedKeys(left.get(name), right.get(name), [...keys, name]));
  }
  return [{ path: keys.join("."), values: valuesOf(before, after) }];
}

function entries(value: unknown): Map<string, unknown> | undefined {
  if (isTree(value)) return new Map(Object.entries(value));
  if (!Array.isArray(value)) return undefined;
  const named = value.map((item) => textAt(item, "name"));
  const byName = value.length > 0 && named.every((name) => name !== "") && new Set(named).size === value.length;
  return byName ? new Map(value.map((item, index) => [named[index] ?? "", item])) : undefined;
}

function valuesOf(before: unknown, after: unknown): string {
  if (before === undefined) return "added";
  if (after === undefined) return "removed";
  const [left, right] = [shown(before), shown(after)];
  return left === undefined || right === undefined ? "" : `${left} → ${right}`;
}

/** A value on one line; undefined for one that is too long, or that holds others. */
function shown(value: unknown): string | undefined {
  const parts = Array.isArray(value) ? value : [value];
  const text = parts.join(", ");
  const simple = parts.every((part) => typeof part !== "object") && !text.includes("\n");
  return simple && text !== "" && text.length <= longest ? text : undefined;
}
