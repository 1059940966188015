import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The parts of fairlead that a requirement asks something of. */
export const tags = [
  "manifest",
  "chart",
  "secrets",
  "tailnet",
  "image",
  "deploy",
  "verify",
  "bootstrap",
  "docs",
] as const;

/** One of them. */
export type Tag = (typeof tags)[number];

/** One thing that a system needs of fairlead, or one trap in what is written about it. */
export interface Requirement {
  /** A letter for the system and a number, as `V-03`; `X` is a trap. */
  readonly id: string;
  /** The parts that it concerns; none when it is out of scope. */
  readonly tags: readonly Tag[];
  /** What is needed, in a sentence. */
  readonly says: string;
  /** Parts of it that no test covers yet, though others are tested. */
  readonly open?: readonly Tag[];
  /** Why fairlead does nothing about it. */
  readonly outOfScope?: string;
}

/** The parts that a file of this folder must test: what is rendered from a manifest, and the verdict on it. */
export const tested: readonly Tag[] = ["manifest", "chart"];

/** All requirements by the file that lists them: `vultisig`, `jterrazz`, `blockchain`, `aetherium` and `traps`. */
export function readRequirements(): Map<string, readonly Requirement[]> {
  const folder = join(import.meta.dirname, "requirements");
  const files = globSync("*.json", { cwd: folder }).sort();
  return new Map(files.map((file) => [basename(file, ".json"), JSON.parse(readFileSync(join(folder, file), "utf8"))]));
}

/** The test files of this folder that are named after a system. */
export function systemTests(): string[] {
  const systems = [...readRequirements().keys()].map((system) => join(import.meta.dirname, `${system}.test.ts`));
  return globSync(systems).sort();
}

/** The test files that prove something of the systems on a real cluster: the way to it, and what is done with a release. */
export function clusterTests(): string[] {
  return globSync(join(import.meta.dirname, "../e2e/{bootstrap,operate*,tailnet-deploy}.real.test.ts")).sort();
}

/** The ids that a test's name begins with: most have one. */
export function idsOf(name: string): string[] {
  return /^(?:[VJBAX]-\d{2},? )+/.exec(`${name} `)?.[0].match(/[VJBAX]-\d{2}/g) ?? [];
}

/** The ids that the names of the tests in a file's text begin with. */
export function idsInSource(text: string): string[] {
  return [...text.matchAll(/\(\s*["`]([VJBAX]-\d{2}[^"`]*)/g)].flatMap(([, name = ""]) => idsOf(name));
}
