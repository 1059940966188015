import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

/** The scripts that an action may have, in the order in which they run. */
export type StageName = "pre" | "main" | "post";

/** A JavaScript action, as its `action.yml` declares it. */
export interface ActionFile {
  readonly name: string;
  /** Declared inputs in lower case, with their default (empty where there is none). */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  /** Absolute path of each script. */
  readonly scripts: Readonly<Partial<Record<StageName, string>>>;
  readonly conditions: { readonly pre: string; readonly post: string };
}

interface Declared {
  name?: string;
  inputs?: Record<string, { default?: unknown } | null>;
  outputs?: Record<string, unknown>;
  runs?: Record<string, unknown>;
}

/**
 * Reads `action.yml` (or `action.yaml`) of an action directory.
 *
 * @throws Error when it is missing, not for node24, or names a script that is not there.
 */
export function readActionFile(directory: string): ActionFile {
  const file = ["action.yml", "action.yaml"].map((name) => join(directory, name)).find(existsSync);
  if (file === undefined) throw new Error(`${directory} holds no action.yml`);
  const declared: Declared = parse(readFileSync(file, "utf8"));
  const runs = declared.runs ?? {};
  if (runs["using"] !== "node24") throw new Error(`${file}: runs.using is ${runs["using"]}, not node24`);
  const scripts: Partial<Record<StageName, string>> = {};
  for (const stage of ["pre", "main", "post"] as const) {
    if (runs[stage] === undefined) continue;
    const script = resolve(directory, String(runs[stage]));
    if (!existsSync(script)) throw new Error(`${file}: runs.${stage} names ${script}, which does not exist`);
    scripts[stage] = script;
  }
  if (scripts.main === undefined) throw new Error(`${file}: runs.main is missing`);
  const inputs = Object.entries(declared.inputs ?? {}).map(([name, input]) => [
    name.toLowerCase(),
    input?.default === undefined || input.default === null ? "" : String(input.default),
  ]);
  return {
    name: declared.name ?? directory,
    inputs: Object.fromEntries(inputs),
    outputs: Object.keys(declared.outputs ?? {}),
    scripts,
    conditions: { pre: String(runs["pre-if"] ?? "always()"), post: String(runs["post-if"] ?? "always()") },
  };
}

/** How the job stands when the runner decides whether a step or a stage runs. */
export type JobStatus = "success" | "failure" | "cancelled";

/** Whether a condition of status functions joined by `||` holds. Other expressions are outside what the harness knows. */
export function conditionHolds(condition: string, status: JobStatus): boolean {
  return condition.split("||").some((part) => {
    const [, name] = /^\s*(!?\w+)\(\)\s*$/.exec(part) ?? [];
    if (name === "always") return true;
    if (name === "success" || name === "failure" || name === "cancelled") return name === status;
    if (name === "!cancelled") return status !== "cancelled";
    throw new Error(`the harness does not know the condition ${condition}`);
  });
}
