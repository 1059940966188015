import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { explainer } from "./explain.ts";
import { type Language, languageOf } from "./language.ts";
import type { Finding } from "./problem.ts";

/** What a chart's own `values.schema.json` says: the one schema for Helm, for editors and for us. */
export interface Judge {
  /** Every problem of a manifest that does not fit; none for one that does. */
  explain(content: unknown): Promise<Finding[]>;
  language(): Promise<Language>;
}

/** Opens the schema of a chart, which the first call reads. */
export function openJudge(chart: string): Judge {
  return judgeOf(once(() => readLanguage(chart)));
}

/** Opens what the schema of a chart says of a team's file about its cluster. */
export function openClusterJudge(chart: string): Judge {
  return judgeOf(once(async () => clusterLanguage(await readLanguage(chart))));
}

function judgeOf(language: () => Promise<Language>): Judge {
  const explain = once(async () => explainer(await language()));
  return { explain: async (content) => (await explain())(content).map(withPage), language };
}

/** Only of a manifest can it be said where all keys are, not of the objects of Kubernetes. */
function withPage(finding: Finding): Finding {
  const alone = finding.code === "APP_KEY_UNKNOWN" && finding.hint === "" && !finding.message.includes("known here");
  return alone ? { ...finding, hint: "docs/manifest.md has every key" } : finding;
}

/** Of all that a chart's values may hold, `cluster` alone, which must be there. */
function clusterLanguage({ root }: Language): Language {
  const { cluster } = root["properties"] as Record<string, unknown>;
  return languageOf({ ...root, properties: { cluster }, required: ["cluster"] });
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
