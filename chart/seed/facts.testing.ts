import { join } from "node:path";
import { chartFolder, objects, type Rendered } from "../helm.testing.ts";

// What the seed's chart and ours make of the manifests that were published for the seed, as facts that can be compared: each
// value of each object, by its path.

/** A manifest of the seed's time in one environment. */
export interface Case {
  /** File in this folder, without its ending. */
  readonly manifest: "readme" | "commented" | "fixture" | "web";
  readonly environment: "staging" | "prod";
  /** Version of the seed's chart that it was written for. */
  readonly version: "1.0.0" | "2.7.0";
}

/** The manifests that are promised to keep their names (README: "From the seed"). */
export const cases: readonly Case[] = [
  { manifest: "readme", environment: "staging", version: "1.0.0" },
  { manifest: "readme", environment: "prod", version: "1.0.0" },
  { manifest: "commented", environment: "staging", version: "1.0.0" },
  { manifest: "commented", environment: "prod", version: "1.0.0" },
  { manifest: "fixture", environment: "staging", version: "2.7.0" },
  { manifest: "fixture", environment: "prod", version: "2.7.0" },
  { manifest: "web", environment: "prod", version: "2.7.0" },
];

/** Each value by its path, for each object by `Kind/name`. */
export type Facts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const names = { readme: "my-app", commented: "my-app", fixture: "ci-test-app", web: "jterrazz-web" };

/** The arguments with which Helm renders a case, as the seed's CI gave them. */
export function argumentsOf({ manifest, environment, version }: Case): string[] {
  const image = `registry.jterrazz.com/app@sha256:${"0123456789abcdef".repeat(4)}`;
  const targets = "infrastructure.publicIp=192.0.2.1,infrastructure.tailscaleHostname=node.example.com";
  return [
    ...["--values", join(chartFolder, "seed", `${manifest}.yaml`), "--namespace", `${environment}-${names[manifest]}`],
    ...["--set", `environment=${environment}`, "--set", `spec.image=${image}`],
    ...(version === "1.0.0" ? ["--set", targets] : []),
  ];
}

/** The facts of a case, rendered by a chart: ours, or the seed's in a folder. */
export function factsOf(one: Case, chart: string = chartFolder): Facts {
  const release = `${one.environment}-${names[one.manifest]}`;
  const found = [...objects({}, argumentsOf(one), undefined, { chart, release })];
  return Object.fromEntries(found.map(([name, object]) => [name, Object.fromEntries(leaves(object, []))]));
}

/** What tells the entries of a list apart; without any, their order. */
const listKeys = ["mountPath", "containerPort", "port", "name", "match", "secretName"];

function* leaves(value: Rendered, path: readonly string[]): Generator<[string, unknown]> {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) yield [path.join("."), value];
  else if (Array.isArray(value)) {
    const key = listKeys.find((one) =>
      value.every((entry) => entry !== null && typeof entry === "object" && one in entry),
    );
    for (const [index, entry] of value.entries()) {
      yield* leaves(entry, [...path.slice(0, -1), `${path.at(-1)}[${key === undefined ? index : entry[key]}]`]);
    }
  } else for (const [key, below] of Object.entries(value)) yield* leaves(below, [...path, key]);
}
