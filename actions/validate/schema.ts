import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Language, languageOf } from "./language.ts";
import type { Finding } from "./problem.ts";

/** The language of a chart's manifests: its own `values.schema.json`, the one schema for Helm, for editors and for us. */
export async function readLanguage(chart: string): Promise<Language> {
  return languageOf(JSON.parse(await readFile(join(chart, "values.schema.json"), "utf8")));
}

/** Checks a manifest against its language. Gives every problem that it finds. */
export async function checkSchema(content: unknown, chart: string): Promise<Finding[]> {
  const { explain } = await import("./explain.ts");
  return explain(content, await readLanguage(chart));
}
