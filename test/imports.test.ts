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

/** The files that a file imports, for their types alone too. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path = ""]) =>
    normalize(join(dirname(file), path)),
  );
}

/** The ways on which files lead back to themselves, one for each file where one was noticed. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): string[][] => {
    if (way.includes(file)) return [[...way.slice(way.indexOf(file)), file]];
    if (done.has(file)) return [];
    const found = (imports.get(file) ?? []).flatMap((next) => follow(next, [...way, file]));
    done.add(file);
    return found;
  };
  return [...imports.keys()].flatMap((file) => follow(file, []));
}

function roomOf(file: string): string {
  return /^actions\/([^/]+)\//.exec(file)?.[1] ?? file;
}

const sources = globSync("actions/*/**/*.ts", { cwd: root }).filter((file) => !/\.test(ing)?\.ts$/.test(file));

test("every room has its place in the order of imports", () => {
  assert.deepEqual([...new Set(sources.map(roomOf))].sort(), [...rooms].sort());
});

test("imports go one way, and never out of the rooms", () => {
  const imports = sources.flatMap((file) =>
    importsOf(file).map((target) => ({ from: roomOf(file), to: roomOf(target), file })),
  );
  assert.ok(imports.length > sources.length, "imports were found");
  const wrong = imports.filter(({ from, to }) => !rooms.includes(to) || rooms.indexOf(to) > rooms.indexOf(from));
  assert.deepEqual(wrong, []);
});

test("no file needs itself, not by way of others either", () => {
  assert.deepEqual(
    circlesOf(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    ),
    [["b", "c", "b"]],
  );
  assert.deepEqual(circlesOf(new Map(sources.map((file) => [file, importsOf(file)]))), []);
});
