import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { manifestCodes } from "../actions/validate/codes.ts";
import { chartCodes } from "./codes.ts";

/** The codes in files of this folder, as a pattern finds them. */
function codesIn(glob: string, pattern: RegExp): string[] {
  const files = globSync(glob, { cwd: import.meta.dirname });
  const text = files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8")).join("\n");
  return [...new Set([...text.matchAll(pattern)].map(([, code]) => code ?? ""))].sort();
}

const given = codesIn("templates/**/*.{tpl,yaml}", /(?:"code" "|^|\n)(APP_[A-Z_]+)(?:"|: )/g);

test("every code that the chart gives is in the table, and no other", () => {
  assert.deepEqual(Object.keys(chartCodes).sort(), given);
});

test("no code of the chart means something else to validate", () => {
  const own = new Set(Object.keys(manifestCodes));
  assert.deepEqual(
    given.filter((code) => own.has(code)),
    [],
  );
});

test("every code that the chart gives is expected by a test", () => {
  const expected = new Set(codesIn("{*.real.test,limits.testing}.ts", /\b(APP_[A-Z_]+)/g));
  assert.deepEqual(
    given.filter((code) => !expected.has(code)),
    [],
  );
});
