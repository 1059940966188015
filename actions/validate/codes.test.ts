import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chartCodes } from "../../chart/codes.ts";
import { manifestCodes } from "./codes.ts";

test("every code of this room is in the table, and no other", () => {
  const files = globSync("*.ts", { cwd: import.meta.dirname }).filter((file) => !/\.test\.ts$|^codes\.ts$/.test(file));
  const sources = files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8")).join("\n");
  // A prefix alone, as in `startsWith("FILE_")`, is no code.
  const used = new Set([...sources.matchAll(/"((?:FILE|YAML|APP)_[A-Z_]*[A-Z])"/g)].map(([, code = ""]) => code));
  assert.deepEqual([...used].filter((code) => !(code in chartCodes)).sort(), Object.keys(manifestCodes).sort());
});
