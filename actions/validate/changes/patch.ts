import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff/lib/patch/create.js";
import { stringify } from "yaml";

/** More lines that differ than this take seconds to compare, and nobody reads them. */
const mostEdits = 2_000;
/** Lines around each change. */
const context = 3;

/** Two states of an object as a unified diff of their YAML; without a `before` or `after` it is added or removed. */
export function unifiedDiff(name: string, before: unknown, after: unknown): string {
  const [oldText, newText] = [before, after].map((value) =>
    value === undefined ? "" : stringify(value, { lineWidth: 0 }),
  );
  const [oldName, newName] = [before, after].map((value) => (value === undefined ? "/dev/null" : name));
  const options = { context, maxEditLength: mostEdits };
  const patch = structuredPatch(oldName ?? "", newName ?? "", oldText ?? "", newText ?? "", "", "", options);
  if (patch === undefined) return `--- ${oldName}\n+++ ${newName}\n@@ more than ${mostEdits} lines differ @@\n`;
  return formatPatch(patch, FILE_HEADERS_ONLY);
}
