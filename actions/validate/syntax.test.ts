import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { readYaml } from "./document.ts";
import { readPlainYaml } from "./quick.ts";
import { readLanguage } from "./schema.ts";
import { findTraps } from "./traps.ts";

/** Every fault as `line:column message; hint`. */
function told(text: string): string[] {
  return readYaml(text).faults.map(({ span, message, hint }) => `${span.line}:${span.column} ${message}; ${hint}`);
}

describe("YAML that breaks off is told where it was opened:", () => {
  for (const [text, expected] of [
    [
      'metadata:\n  name: "my-app\nspec:\n  port: 80\nenvironments:\n  prod: {}\n',
      '2:9 the quote before `my-app` is never closed; write " at the end of the text',
    ],
    ["a: 'x\nb: 1\n", "1:4 the quote before `x` is never closed; write ' at the end of the text"],
    ["spec:\n  command: [a, b\n  port: 80\nenvironments: {}\n", "2:12 this [ is never closed; write ] where it ends"],
    ["metadata: { name: a\nspec:\n  port: 80\n", "1:11 this { is never closed; write } where it ends"],
  ] as const) {
    test(expected, () => assert.deepEqual(told(text), [expected]));
  }
});

describe("YAML that is no key with a value says what is missing:", () => {
  for (const [text, expected] of [
    [
      "spec:\n  port 80\n  replicas: 1\n",
      "2:3 `port 80` is no key with a value; write a colon after the key: `port: 80`",
    ],
    [
      "spec:\n  replicas: 1\n  port 80\nenvironments: {}\n",
      "3:3 `port 80` is no key with a value; write a colon after the key: `port: 80`",
    ],
    ["spec:\n  command:\n  - a\n  -b\n", "4:3 `-b` is no key with a value; write a space after the dash: `- b`"],
    ["spec:\n  host: a: b\n", '2:9 a second colon stands in the same line; put the text in quotes: "a: b"'],
    [
      "spec:\n  replicas: 1\n  port: 80\n    cpu: 1\n",
      "4:5 this line is indented deeper than the one before it, which has a value already; indent it as the line before it",
    ],
    [
      "spec:\n  resources:\n    cpu: 1\n   memory: 2\n",
      "4:4 this line is indented otherwise than the keys beside it; indent it as they are",
    ],
    ["a: @b\n", '1:4 a text cannot start with @ where it has no quotes; put it in quotes: "@b"'],
    ["a: b]\nc: [a]]\n", "2:7 this ] closes nothing; remove it, or put the text in quotes"],
    ["a: *.example.com\n", '1:4 no anchor &.example.com comes before this; put text in quotes: "*.example.com"'],
    ["a: {{ x }}\n", "1:5 a key must be text; put a text with {{ and }} in quotes"],
  ] as const) {
    test(expected, () => assert.deepEqual(told(text), [expected]));
  }
});

test("tags that readers understand differently are refused, plain ones are taken", () => {
  for (const [tag, value] of [
    ["!!binary", "aGVsbG8="],
    ["!!set", "{ a, b }"],
    ["!!timestamp", "2001-12-14"],
    ["!mine", "1"],
  ] as const) {
    assert.deepEqual(
      readYaml(`a: ${tag} ${value}\n`).faults.map(({ code, message }) => [code, message.startsWith(`\`${tag}\``)]),
      [["YAML_TAG", true]],
      tag,
    );
  }
  assert.deepEqual(readYaml("a: !!str 1\nb: !!map {}\nc: ! x\n").faults, []);
});

test("a space that is a letter to YAML is a trap where it changes what is meant", async () => {
  const language = await readLanguage(bundledChart());
  const places = (text: string) =>
    findTraps(readYaml(text), language).map(({ span, code }) => `${span.line}:${span.column} ${code}`);
  const space = "\u00a0";
  assert.deepEqual(places(`spec:\n${space}${space}port: 80\n`), ["2:1 YAML_SPACE"]);
  assert.deepEqual(places(`spec:\n  port:${space}80\n`), ["2:3 YAML_SPACE"]);
  assert.deepEqual(places(`spec:\n  command: [a${space}]\n`), ["2:13 YAML_SPACE"]);
  // In the middle of a text it may be meant, and in quotes it is.
  assert.deepEqual(places(`spec:\n  command: [dix${space}francs, "a${space}"]\n`), []);
  assert.equal(readPlainYaml(`spec:\n${space}${space}port: 80\n`), undefined);
});
