import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tooDeepAt } from "./depth.ts";
import { readYaml } from "./document.ts";
import { readPlainYaml } from "./quick.ts";

const many = 300;
const indented = (levels: number) => Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:\n`).join("");

describe("nesting", () => {
  test("is counted in brackets, dashes and indentation alike, wherever they stand", () => {
    for (const [text, at] of [
      [`a: ${"[".repeat(many)}${"]".repeat(many)}\n`, 102],
      [`a: ${"{b: ".repeat(many)}1${"}".repeat(many)}\n`, undefined],
      [`${"- ".repeat(many)}a\n`, undefined],
      [`${"? ".repeat(many)}a\n`, undefined],
      [indented(many), undefined],
      [indented(1_400), undefined],
      [`a: ${"[".repeat(50_000)}`, 102],
      [`${"a: ".repeat(many)}b\n`, undefined],
    ] as const) {
      const found = tooDeepAt(text);
      assert.ok(found !== undefined, text.slice(0, 20));
      if (at !== undefined) assert.equal(found, at);
      assert.equal(readPlainYaml(text), undefined, "the fast reader leaves it to the other");
      assert.deepEqual(
        readYaml(text).faults.map(({ code }) => code),
        ["YAML_TOO_DEEP"],
      );
    }
  });

  test("is no matter of brackets in comments and texts", () => {
    const brackets = "[ { ".repeat(many);
    for (const text of [
      `a: 1 # ${brackets}\n`,
      `# ${brackets}\na: 1\n`,
      `a: |\n  if ${brackets}\n  ${"- ".repeat(many)}\nb: 1\n`,
      `a: "${brackets}"\nb: '${brackets}'\n`,
      `a: x ${brackets}\n`,
      `a: |\n${" ".repeat(200)}x\nb: 1\n`,
    ]) {
      assert.equal(tooDeepAt(text), undefined, text.slice(0, 20));
      const { faults, spanOf } = readYaml(text);
      assert.deepEqual(faults, []);
      assert.ok(spanOf(["a"], "key").column >= 1);
    }
  });

  test("is nothing that many values in a row add up to", () => {
    const list = Array.from({ length: 500 }, (_, index) => `- { a: [${index}], b: { c: 1 } }\n`).join("");
    assert.equal(tooDeepAt(`a:\n${list}b: 1\n`), undefined);
    assert.equal(
      tooDeepAt(Array.from({ length: 500 }, (_, index) => `a${index}:\n  - b:\n      c: 1\n`).join("")),
      undefined,
    );
  });

  test("counts what aliases stand for", () => {
    const level = (index: number) => `l${index}: &l${index} ${"[".repeat(60)}*l${index - 1}${"]".repeat(60)}\n`;
    const text = `l0: &l0 x\n${level(1)}${level(2)}`;
    assert.deepEqual(
      readYaml(text).faults.map(({ code, span }) => [code, span.line]),
      [["YAML_TOO_DEEP", 2]],
    );
  });
});
