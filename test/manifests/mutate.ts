import { stringify } from "yaml";
import type { Random } from "./random.ts";

/** What breaks texts: values that YAML reads in its own way, its signs, and letters that few expect. */
const splinters = [
  ...["yes", "1.10", "0755", "null", "~", "[", "]", "{", "}", ":", ": ", "- ", "#", '"', "'", "|", ">", "&a ", "*a"],
  ...[
    "!!str ",
    "\t",
    "\n",
    "---\n",
    "<<: ",
    "? ",
    "%",
    "\u0000",
    "\u001b[31m",
    "\ufeff",
    "\u2028",
    "\u202e",
    "é",
    "😀",
  ],
  ...["\ud800", "__proto__: 1\n", "constructor: {}\n", "-1", "1e999", "{{ .Values }}", "$(A)", "${A}"],
];

/** Values of every type, and of every type the ones that are easily forgotten. */
const values: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, 1e21, "", " ", "0", "text", "a/b", "/", "\u0007", "😀", "{{ fail `x` }}"],
  ...[[], [null], [[]], [{}], ["a"], {}, { "": null }, { a: { a: { a: 1 } } }, { __proto__: null, constructor: 1 }],
];

/** Breaks a manifest's text in one to three places: something put in, taken out, doubled, cut off, indented otherwise. */
export function mutateText(text: string, random: Random): string {
  let mutant = text;
  for (let change = random.below(3); change >= 0; change--) {
    const at = random.below(mutant.length + 1);
    const end = at + random.below(30);
    const [before, part, after] = [mutant.slice(0, at), mutant.slice(at, end), mutant.slice(end)];
    const splinter = random.pick(splinters);
    mutant = random.pick([
      () => before + splinter + part + after,
      () => before + after,
      () => before + part + part + after,
      () => before + splinter + after,
      () => before,
      () => mutant.replace(/^ {2}(?=\w)/m, " ".repeat(random.below(5))),
    ])();
  }
  return mutant;
}

/** A mapping or a list of the manifest, and one of its keys. */
interface Spot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Breaks what a manifest says in one to three places, and gives it as YAML that is well formed. */
export function mutateTree(content: unknown, random: Random): string {
  const tree = { manifest: structuredClone(content) };
  for (let change = random.below(3); change >= 0; change--) {
    const spots = [...spotsOf(tree.manifest)];
    if (spots.length > 0) random.pick(changes)(random.pick(spots), random, spots);
  }
  return stringify(tree.manifest);
}

function* spotsOf(node: unknown): Generator<Spot> {
  if (typeof node !== "object" || node === null) return;
  const holder = node as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    yield { holder, key };
    yield* spotsOf(holder[key]);
  }
}

type Change = (spot: Spot, random: Random, spots: readonly Spot[]) => void;

const changes: readonly Change[] = [
  function remove({ holder, key }) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  function rename({ holder, key }, random, spots) {
    const value = holder[key];
    const letter = random.below(key.length + 1);
    const names = [key.slice(1), key.toUpperCase(), `${key}s`, random.pick(spots).key, `x-${key}`, "😀", "a.b", ""];
    const twisted =
      key.slice(0, letter) +
      key
        .slice(letter, letter + 2)
        .split("")
        .reverse()
        .join("") +
      key.slice(letter + 2);
    delete holder[key];
    holder[random.pick([...names, twisted])] = value;
  },
  function retype({ holder, key }, random) {
    holder[key] = structuredClone(random.pick(values));
  },
  function respell({ holder, key }, random) {
    const value = holder[key];
    if (typeof value === "string")
      holder[key] = random.pick([Number(value), [value], value === "true", { [value]: value }]);
    else holder[key] = JSON.stringify(value) ?? "";
  },
  function truncate({ holder, key }, random) {
    const value = holder[key];
    if (typeof value === "string" || Array.isArray(value)) holder[key] = value.slice(0, random.below(value.length + 1));
    else if (typeof value === "number") holder[key] = Math.trunc(value / 10);
    else holder[key] = Object.fromEntries(Object.entries(value ?? {}).slice(random.below(3)));
  },
  function nest({ holder, key }, random) {
    const value = holder[key];
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ [key]: inner }), value);
    holder[key] = random.pick([{ [key]: value }, [value], { value }, deep]);
  },
  function lift({ holder, key }) {
    const value = holder[key];
    if (typeof value === "object" && value !== null) Object.assign(holder, value);
  },
  function insert({ holder, key }, random) {
    const value = holder[key];
    if (typeof value !== "string") return;
    const at = random.below(value.length + 1);
    holder[key] = value.slice(0, at) + random.pick(splinters) + value.slice(at);
  },
  function swap({ holder, key }, random, spots) {
    const other = random.pick(spots);
    // Values of their own, or a mapping could come to hold itself.
    const [one, two] = structuredClone([holder[key], other.holder[other.key]]);
    holder[key] = two;
    other.holder[other.key] = one;
  },
  function add({ holder }, random, spots) {
    const { holder: from, key } = random.pick(spots);
    if (!Array.isArray(holder)) holder[key] = structuredClone(from[key]);
  },
];
