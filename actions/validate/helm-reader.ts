import { FairleadError } from "../core/errors.ts";
import { fileProblem, type Problem } from "./problem.ts";

/** How Helm says that its own reader of YAML refuses a file, `… yaml: line 12: found a tab character …`. */
const refusal = /failed to parse .*?: yaml: (?:line (\d+): )?(.+?)\.?$/s;

/** What to do about what Go's reader of YAML refuses, although others take it. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/Unicode character escape/, "write the character itself, or an escape of one that exists"],
  [/tab character/, "indent with spaces"],
  [/cannot start any token/, "put the text in quotes"],
];

/** The problem in what Helm threw when its reader refuses the manifest itself; undefined for all else. */
export function helmRefusal(thrown: unknown, file: string): Problem | undefined {
  if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") return undefined;
  const [found, number, reason = ""] = refusal.exec(thrown.message) ?? [];
  if (found === undefined) return undefined;
  // Without a number it is the first line.
  const line = Math.max(1, Number(number ?? 1));
  const hint = hints.find(([pattern]) => pattern.test(reason))?.[1] ?? "write it more plainly";
  const span = { line, column: 1, endLine: line, endColumn: 1 };
  return fileProblem(file, "YAML_INVALID", `Helm's reader refuses this line: ${reason}`, hint, span);
}
