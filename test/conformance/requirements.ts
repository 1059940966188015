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
  /** Tests outside of this folder that show a part of it, by that part; see {@link readReference}. */
  readonly shown?: Readonly<Partial<Record<Tag, readonly string[]>>>;
  /** What fairlead does not do of it, or what no test shows, in a sentence; always where a part is open. */
  readonly lacks?: string;
  /** Why fairlead does nothing about it. */
  readonly outOfScope?: string;
}

/** The parts that a file of this folder must test: what is rendered from a manifest, and the verdict on it. */
export const tested: readonly Tag[] = ["manifest", "chart"];

/** A test that is named by its file and words of its name. */
export interface Reference {
  /** From the top of the repository. */
  readonly file: string;
  /** What the test's name contains: all of it, or the case that it is made for. */
  readonly words: string;
}

/** Reads `FILE: WORDS`. */
function readReference(text: string): Reference {
  const end = text.indexOf(": ");
  return { file: text.slice(0, end), words: text.slice(end + 2) };
}

/** All tests that a requirement names. */
export function referencesOf({ shown = {} }: Requirement): Reference[] {
  return Object.values(shown).flat().map(readReference);
}

/** The parts of a requirement that neither this folder must test nor a named test shows. */
export function openParts({ tags, shown = {} }: Requirement): Tag[] {
  return tags.filter((tag) => !tested.includes(tag) && shown[tag] === undefined);
}

/**
 * The texts in a test file of which names of tests are made: what `it` and `test` begin with, and the names of the cases
 * that they are called for in a loop.
 */
export function namesInSource(text: string): string[] {
  const begins = /(?:\b(?:it|test)\(\s*|\b(?:name|what): |\[\s*)(["'`])((?:\\.|(?!\1).)+)\1/g;
  return [...text.matchAll(begins)].map(([, quote = "", name = ""]) => name.replaceAll(`\\${quote}`, quote));
}

/** All requirements by the file that lists them: `vultisig`, `jterrazz`, `blockchain`, `aetherium` and `traps`. */
export function readRequirements(): Map<string, readonly Requirement[]> {
  const folder = join(import.meta.dirname, "requirements");
  const files = globSync("*.json", { cwd: folder }).sort();
  return new Map(files.map((file) => [basename(file, ".json"), JSON.parse(readFileSync(join(folder, file), "utf8"))]));
}

/** The test files of this folder that are named after a system, or after a part of fairlead. */
export function systemTests(): string[] {
  const names = [...readRequirements().keys(), ...tags].map((name) => join(import.meta.dirname, `${name}.test.ts`));
  return globSync(names).sort();
}

/** The ids that a test's name begins with: most have one. */
export function idsOf(name: string): string[] {
  return /^(?:[VJBAX]-\d{2},? )+/.exec(`${name} `)?.[0].match(/[VJBAX]-\d{2}/g) ?? [];
}

/** The ids that the names of the tests in a file's text begin with. */
export function idsInSource(text: string): string[] {
  return [...text.matchAll(/\(\s*["`]([VJBAX]-\d{2}[^"`]*)/g)].flatMap(([, name = ""]) => idsOf(name));
}
