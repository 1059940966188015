import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { readYaml } from "./document.ts";
import { readLanguage } from "./schema.ts";
import { findTraps } from "./traps.ts";

const language = await readLanguage(bundledChart());

/** The traps of a manifest as `path: message; hint`. */
function traps(text: string): string[] {
  return findTraps(readYaml(text), language).map(({ keys, message, hint }) => `${keys.join(".")}: ${message}; ${hint}`);
}

const inEnv = (value: string) => traps(`spec:\n  env:\n    A: ${value}\n`);

describe("words that Helm reads as true or false", () => {
  for (const word of ["yes", "No", "ON", "off", "y", "N"]) {
    test(`${word} is a trap as a value and as a key`, () => {
      const truth = /^(y|on)/i.test(word);
      assert.deepEqual(inEnv(word), [
        `spec.env.A: Helm reads ${word} as ${truth}, other readers as text; write "${word}" for text, or ${truth}`,
      ]);
      assert.deepEqual(traps(`spec:\n  env:\n    ${word}: x\n`), [
        `spec.env.${word}: Helm reads the key \`${word}\` as \`${truth}\`; write it in quotes: "${word}"`,
      ]);
    });
  }

  test("in quotes, or as true and false, they are none", () => {
    for (const value of ['"yes"', "'no'", "true", "false", "yesterday"]) assert.deepEqual(inEnv(value), []);
  });

  test("where only true and false are allowed, the advice is to write them", () => {
    assert.deepEqual(traps("spec:\n  runAsRoot: yes\n"), [
      "spec.runAsRoot: Helm reads yes as true, other readers as text; write true",
    ]);
  });
});

describe("text that was copied wrong", () => {
  test("is found in values and keys, quoted or not, with what was meant", () => {
    const message = "`‚Äù` is `”` in UTF-8, read as another encoding; write `”`, or what it stands for in ASCII";
    assert.deepEqual(inEnv("http://web‚Äù"), [`spec.env.A: ${message}`]);
    assert.deepEqual(inEnv('"http://web‚Äù"'), [`spec.env.A: ${message}`]);
    assert.deepEqual(traps("spec:\n  hints:\n    no‚Äù: text\n"), [`spec.hints.no‚Äù: ${message}`]);
  });

  test("is none where other letters are meant", () => {
    assert.deepEqual(inEnv("naïve “quotes” – 日本語"), []);
  });
});

describe("numbers where text is meant", () => {
  for (const [given, read] of [
    ["1.10", "1.1"],
    ["0755", "493"],
    ["0o17", "15"],
    ["0x1f", "31"],
    ["08", "8"],
    ["1e3", "1000"],
    ["1_000", "1000"],
    ["+5", "5"],
    ["9007199254740993", "9007199254740992"],
    ["123456789012345678901234", "1.2345678901234569e+23"],
  ]) {
    test(`${given} loses its digits`, () => {
      assert.deepEqual(inEnv(String(given)), [
        `spec.env.A: ${given} is read as the number ${read}; write it in quotes: "${given}"`,
      ]);
    });
  }

  test("those that keep their digits are none", () => {
    for (const value of ["8080", "1.5", "-3", "0", '"1.10"', "1.10.0", "2024-01-01"])
      assert.deepEqual(inEnv(value), []);
  });

  test("a tag, an argument and a key are text as well", () => {
    const text = "spec:\n  image: {tag: 1.10}\n  args: [0755]\n  env: {1.10: x}\n";
    assert.deepEqual(
      traps(text).map((trap) => trap.split(":")[0]),
      ["spec.image.tag", "spec.args.0", "spec.env.1.1"],
    );
  });

  test("a quantity is a number however it is written, but never octal", () => {
    assert.deepEqual(traps("spec:\n  resources: {cpu: 0.50, memory: 1e9}\n"), []);
    assert.match(traps("spec:\n  resources: {cpu: 010}\n").join(), /reads 010 as 8/);
    assert.match(traps("spec:\n  port: 08080\n").join(), /reads 08080 as 8080/);
  });
});

test("what an alias or a merge key brings is found once, where it is written", () => {
  const text = "x-env: &env\n  A: yes\nspec:\n  env: *env\nenvironments:\n  prod:\n    env: {<<: *env}\n";
  const found = findTraps(readYaml(text), language);
  assert.deepEqual(
    found.map(({ span, keys }) => [span.line, keys.join(".")]),
    [[2, "spec.env.A"]],
  );
});

test("numbers that JSON does not have are traps wherever they stand", () => {
  assert.deepEqual(traps("spec:\n  affinity:\n    x: .nan\n"), [
    'spec.affinity.x: .nan is a number that Helm cannot pass on; write ".nan" for text',
  ]);
  assert.equal(inEnv("-.INF").length, 1);
  assert.deepEqual(inEnv('".inf"'), []);
});

test("a colon that Helm alone takes for a part of the key is refused", () => {
  const [fault] = readYaml("a: { b:, c: 1 }\n").faults;
  assert.deepEqual([fault?.code, fault?.span.column], ["YAML_INVALID", 6]);
  assert.deepEqual(readYaml('a: { b: 1, "c":2 }\n').faults, []);
});
