import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { checkManifest } from "./check.ts";
import { readYaml } from "./document.ts";
import { openManifest } from "./manifest.ts";
import type { Problem } from "./problem.ts";
import { openJudge } from "./schema.ts";
import { findTraps } from "./traps.ts";

const workspace = mkdtempSync(join(tmpdir(), "fairlead-mutants-"));
after(() => rmSync(workspace, { recursive: true }));
const originals = ["examples/hello/.deploy/manifest.yaml", "chart/ci/full.yaml", "chart/ci/small.yaml"].map((file) =>
  readFileSync(join(bundledChart(), "..", file), "utf8"),
);
const judge = openJudge(bundledChart());

/** Numbers below `limit` that depend on the seed alone (mulberry32). */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const splinters = [
  ...[
    "yes",
    "1.10",
    "0755",
    "null",
    "~",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "#",
    '"',
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "!!str ",
  ],
  ...[
    "\t",
    "\n",
    "---\n",
    "<<: ",
    "? ",
    "%",
    "\u0000",
    "\ufeff",
    "é",
    "😀",
    "__proto__: 1\n",
    "constructor: {}\n",
    "-1",
    "1e999",
  ],
  ...[" # it's on, or no\n", "\n# 1.10 & 'more'\n", '"# yes', "' # no', "],
];

/** One to three small changes: something put in, taken out, doubled, cut off, or indented otherwise. */
function mutate(text: string, pick: (limit: number) => number): string {
  let mutant = text;
  for (let change = pick(3); change >= 0; change--) {
    const at = pick(mutant.length + 1);
    const length = pick(30);
    const part = mutant.slice(at, at + length);
    const splinter = splinters[pick(splinters.length)] ?? "";
    const kinds = [
      mutant.slice(0, at) + splinter + mutant.slice(at),
      mutant.slice(0, at) + mutant.slice(at + length),
      mutant.slice(0, at) + part + mutant.slice(at),
      mutant.slice(0, at) + splinter + mutant.slice(at + length),
      mutant.slice(0, at),
      mutant.replace(/^ {2}(?=\w)/m, " ".repeat(pick(5))),
    ];
    mutant = kinds[pick(kinds.length)] ?? mutant;
  }
  return mutant;
}

async function check(text: string): Promise<readonly Problem[]> {
  writeFileSync(join(workspace, "manifest.yaml"), text);
  const { manifest, problems } = await openManifest("manifest.yaml", workspace);
  if (manifest?.plain) {
    const { content, faults } = readYaml(text);
    assert.deepEqual({ content: manifest.content, faults }, { content, faults: [] }, "both readers agree");
    assert.deepEqual(findTraps(readYaml(text), await judge.language()), [], "what is plain has no trap");
  }
  return manifest === undefined ? problems : [...problems, ...(await checkManifest(manifest, judge))];
}

test("a thousand broken manifests end in problems at places of the file, or in none", async () => {
  const pick = generator(20_260_101);
  let refused = 0;
  for (let round = 0; round < 1_000; round++) {
    const mutant = mutate(originals[pick(originals.length)] ?? "", pick);
    const problems = await check(mutant).catch((thrown) => {
      throw new Error(`the mutant ${JSON.stringify(mutant)}`, { cause: thrown });
    });
    if (problems.length > 0) refused++;
    const lines = mutant.split("\n").length;
    for (const { line, column, endLine, endColumn, message } of problems) {
      const ordered = line < endLine || (line === endLine && column <= endColumn);
      assert.ok(line >= 1 && column >= 1 && endLine <= lines && ordered, JSON.stringify({ mutant, line, endLine }));
      assert.notEqual(message, "");
    }
  }
  // Some changes only touch a comment or a name.
  assert.ok(refused > 500 && refused < 1_000, `${refused} were refused`);
});
