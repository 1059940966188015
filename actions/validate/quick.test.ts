import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { readYaml } from "./document.ts";
import { readPlainYaml } from "./quick.ts";

describe("plain YAML", () => {
  const files = globSync("{chart/ci,examples/*/.deploy}/*.yaml", { cwd: join(bundledChart(), "..") });
  for (const file of files) {
    test(`of ${file} is read as the other reader reads it`, () => {
      const text = readFileSync(join(bundledChart(), "..", file), "utf8");
      const quick = readPlainYaml(text);
      if (quick !== undefined) assert.deepEqual(quick.content, readYaml(text).content);
      else assert.notEqual(file, "examples/hello/.deploy/manifest.yaml", "the plain example takes the slow way");
    });
  }

  for (const text of [
    "a: 1\nb: -2\nc: 1.5\nd: true\ne: ~\nf: null\n",
    "---\na: 1\n",
    "a: [1, two, {b: 3}]\n",
    "a: \"1.10\"\nb: 'yes'\n",
    "a: |\n  text\n  more\nb: >-\n  folded\n",
    "path: /health\nhost: my-app.example.com\nimage: a/b:1.2.3\ntime: 1h30m\n# yesterday\n",
  ]) {
    test(`${JSON.stringify(text)} is plain, or read the same`, () => {
      const quick = readPlainYaml(text);
      const { content, faults } = readYaml(text);
      assert.deepEqual(faults, []);
      if (quick !== undefined) assert.deepEqual(quick.content, content);
    });
  }

  test("takes the fast way where nothing is unusual", () => {
    assert.deepEqual(readPlainYaml("a: 1\nb: [x, 2.5]\nc: {d: /e}\n"), {
      content: { a: 1, b: ["x", 2.5], c: { d: "/e" } },
    });
  });

  test("takes the fast way whatever a comment says", () => {
    const text = "# It's on, or no: see 1. & *all*\na: 1 # <<: yes\n  # - 0755\nb: '# x' # y\n";
    assert.deepEqual(readPlainYaml(text), { content: { a: 1, b: "# x" } });
  });
});

describe("what may be a trap goes the slow way:", () => {
  for (const text of [
    "a: yes\n",
    "a: [on, x]\n",
    "a: {b: 'x # y', c: on}\n",
    'a: {b: "x\n # y", c: on}\n',
    "a: {b: 'x\n # it''s', c: on}\n",
    "a: x#y\nb: on # y\n",
    "{no: 1}\n",
    "y: 1\n",
    "- N\n",
    "a: 1.10\n",
    "a: 0755\n",
    "a: [1e3]\n",
    "a: {b: 9007199254740993}\n",
    "1.10: a\n",
    "a: 1_000\n",
    "a: &x 1\n",
    "a: *x\n",
    "a: !!str 1\n",
    "<<: {a: 1}\n",
    "a: 1\n---\nb: 1\n",
    "a: 1\n...\n",
    "a:\n\tb: 1\n",
    "? a\n: 1\n",
    "a: [{ :, b: 1 }]\n",
    "a: { b:}\n",
    "%YAML 1.1\n---\na: 1\n",
    "a: 1\na: 2\n",
    "a: [1\n",
    "",
  ]) {
    test(JSON.stringify(text), () => assert.equal(readPlainYaml(text), undefined));
  }
});
