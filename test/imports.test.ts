import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** Each room may import those before it. */
const rooms = [
  "core",
  "validate",
  "secrets",
  "tailnet",
  "image",
  "deploy",
  "operate",
  "rollback",
  "bootstrap",
  "pipeline",
];

/** The imports of other rooms in a file, as pairs of rooms. */
function importsOf(file: string): { from: string; to: string; file: string }[] {
  const text = readFileSync(join(root, file), "utf8");
  const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path = ""]) =>
    normalize(join(dirname(file), path)),
  );
  return targets.map((target) => ({ from: roomOf(file), to: roomOf(target), file }));
}

function roomOf(file: string): string {
  return /^actions\/([^/]+)\//.exec(file)?.[1] ?? file;
}

const sources = globSync("actions/*/**/*.ts", { cwd: root }).filter((file) => !/\.test(ing)?\.ts$/.test(file));

test("every room has its place in the order of imports", () => {
  assert.deepEqual([...new Set(sources.map(roomOf))].sort(), [...rooms].sort());
});

test("imports go one way, and never out of the rooms", () => {
  const imports = sources.flatMap(importsOf);
  assert.ok(imports.length > sources.length, "imports were found");
  const wrong = imports.filter(({ from, to }) => !rooms.includes(to) || rooms.indexOf(to) > rooms.indexOf(from));
  assert.deepEqual(wrong, []);
});
