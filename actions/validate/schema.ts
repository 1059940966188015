import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundledChart } from "../core/helm.ts";
import { type Language, languageOf } from "./language.ts";
import type { Finding } from "./problem.ts";

/** What a chart's own `values.schema.json` says: the one schema for Helm, for editors and for us. */
export interface Judge {
  /** Whether a manifest fits, and nothing more; the fast way. */
  accepts(content: unknown): Promise<boolean>;
  /** Every problem of a manifest that does not fit; none for one that does. */
  explain(content: unknown): Promise<Finding[]>;
  language(): Promise<Language>;
}

/** Opens the schema of a chart; what a call needs is read and compiled by the first such call. */
export function openJudge(chart: string): Judge {
  const language = once(() => readLanguage(chart));
  const explain = once(async () => (await import("./explain.ts")).explainer(await language()));
  const accepts = once(async () => {
    // Only the schema of the chart that travels with the actions is compiled by the build.
    if (chart === bundledChart()) return (await import("./compiled-schema.ts")).accepts;
    const all = await explain();
    return (content: unknown) => all(content).length === 0;
  });
  return {
    accepts: async (content) => (await accepts())(content),
    explain: async (content) => (await explain())(content),
    language,
  };
}

/** The language of a chart's manifests. */
export async function readLanguage(chart: string): Promise<Language> {
  return languageOf(JSON.parse(await readFile(join(chart, "values.schema.json"), "utf8")));
}

/** Checks a manifest against the schema of a chart. Gives every problem that it finds. */
export async function checkSchema(content: unknown, chart: string): Promise<Finding[]> {
  return await openJudge(chart).explain(content);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
