import { messageOf } from "../core/errors.ts";
import type { Finding } from "./problem.ts";

/**
 * Finds regular expressions of checks that are none: `logs` and `expect.pattern` under `verify`. The deploy would know it
 * only when the new revision runs already. Keys of `hints` are looked for as plain text then, so they may be anything.
 */
export function findBrokenExpressions(manifest: unknown): Finding[] {
  const environments = mapOf(mapOf(manifest)["environments"]);
  const scopes: [string[], unknown][] = [
    [["spec"], mapOf(manifest)["spec"]],
    ...Object.entries(environments).map(([name, layer]): [string[], unknown] => [["environments", name], layer]),
  ];
  return scopes.flatMap(([keys, scope]) =>
    Object.entries(mapOf(mapOf(scope)["verify"])).flatMap(([name, check]) => [
      ...judge([...keys, "verify", name, "logs"], mapOf(check)["logs"]),
      ...judge([...keys, "verify", name, "expect", "pattern"], mapOf(mapOf(check)["expect"])["pattern"]),
    ]),
  );
}

function judge(keys: readonly string[], text: unknown): Finding[] {
  if (typeof text !== "string") return [];
  try {
    new RegExp(text, "m");
    return [];
  } catch (thrown) {
    const hint = text.includes("(?s)") ? "write `[\\s\\S]` for any character, line ends too" : "";
    return [{ code: "APP_VALUE_INVALID", keys, target: "value", message: messageOf(thrown), hint }];
  }
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
