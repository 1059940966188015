import { spawnSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

/** Values for the chart, as a manifest or `--set` would give them. */
export type Values = { readonly [key: string]: unknown };

/** One rendered Kubernetes object, as loose as YAML is. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into objects of every kind
export type Rendered = any;

/** What one `helm template` said. */
export interface Outcome {
  readonly ok: boolean;
  /** The documents, without the lines around them in which Helm 3 and 4 differ. */
  readonly text: string;
  readonly stderr: string;
}

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL(".", import.meta.url));

/** Helm's two majors: the binary in the environment, else the name on PATH. */
export const helms = {
  "3": process.env["FAIRLEAD_HELM3"] ?? "helm3",
  "4": process.env["FAIRLEAD_HELM"] ?? "helm",
} as const;

const missing = missingHelm();

/** A test that needs both majors of Helm; without them it is skipped by itself, so that it is counted. */
export function helmTest(name: string, run: (test: TestContext) => void | Promise<void>): void {
  test(name, { skip: missing }, run);
}

function missingHelm(): string | false {
  for (const [major, binary] of Object.entries(helms)) {
    const version = spawnSync(binary, ["version", "--short"], { encoding: "utf8", timeout: 30_000 });
    if (!version.stdout?.startsWith(`v${major}.`)) return `${binary} is not Helm ${major}`;
  }
  return false;
}

/** Another chart than ours, and another name than `release`. */
export interface Subject {
  readonly chart?: string;
  readonly release?: string;
}

/** Renders the chart with `values` from standard input and further helm arguments. */
export function template(
  values: Values,
  args: readonly string[] = [],
  binary: string = helms["4"],
  { chart = chartFolder, release = "release" }: Subject = {},
): Outcome {
  const run = spawnSync(binary, ["template", release, chart, "--values", "-", ...args], {
    encoding: "utf8",
    // Helm 4 loses a last line without a line break whose length is a multiple of 4096 bytes.
    input: `${JSON.stringify(values)}\n`,
    timeout: 30_000,
  });
  if (run.error) throw run.error;
  return { ok: run.status === 0, text: normalise(run.stdout), stderr: run.stderr };
}

/** Renders the chart and gives its objects by `Kind/name`. Throws with Helm's words when the chart fails. */
export function objects(
  values: Values,
  args: readonly string[] = [],
  binary?: string,
  subject?: Subject,
): Map<string, Rendered> {
  const outcome = template(values, args, binary, subject);
  if (!outcome.ok) throw new Error(outcome.stderr);
  const found = new Map<string, Rendered>();
  for (const document of parseAllDocuments(outcome.text)) {
    const object = document.toJS();
    found.set(`${object.kind}/${object.metadata.name}`, object);
  }
  return found;
}

/** Gives the resolved document for `values`. Throws with Helm's words when there is none. */
export function resolved(values: Values, args: readonly string[] = []): Rendered {
  const outcome = template(values, ["--set", "deploy.resolved=true", ...args]);
  if (!outcome.ok) throw new Error(outcome.stderr);
  return JSON.parse(outcome.text.replace(/^#.*$/gm, ""));
}

/** Gives the one container of a rendered application. */
export function container(found: Map<string, Rendered>): Rendered {
  for (const object of found.values()) {
    if (object.kind === "Deployment") return object.spec.template.spec.containers[0];
  }
  throw new Error("no Deployment was rendered");
}

/** Helm 4 leaves a blank line before a separator where Helm 3 does not. */
function normalise(output: string): string {
  return output
    .split(/^---$/m)
    .map((document) => document.trim())
    .filter((document) => document !== "")
    .map((document) => `${document}\n`)
    .join("---\n");
}
