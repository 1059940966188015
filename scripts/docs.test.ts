import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { anchorsOf } from "../test/docs.ts";
import { outdatedDocs } from "./docs.ts";

const root = join(import.meta.dirname, "..");

test("every anchor of the manifest's page is there once, and every link in it leads to one", () => {
  const page = readFileSync(join(root, "docs/manifest.md"), "utf8");
  const named = [...page.matchAll(/<a id="([^"]+)">/g)].map(([, name = ""]) => name);
  const twice = named.filter((name, index) => named.indexOf(name) !== index);
  assert.deepEqual(twice, []);
  const known = anchorsOf(page);
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, name = ""]) => name);
  assert.deepEqual(
    links.filter((name) => !known.has(name)),
    [],
  );
});

test("an example of several lines keeps its line breaks", () => {
  const page = readFileSync(join(root, "docs/manifest.md"), "utf8");
  assert.ok(page.includes(String.raw`content: "level = \"info\"\n"`));
});

test("the generated documentation is up to date (`npm run docs` writes it)", () => {
  assert.deepEqual([...outdatedDocs().keys()], []);
});
