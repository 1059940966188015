import assert from "node:assert/strict";
import { test } from "node:test";
import { maskedLines } from "./masked-lines.ts";
import { createMasker } from "./masking.ts";

const key = "-----BEGIN KEY-----\nab\nc3VwZXI\n-----END KEY-----";

/** Everything that was given on, piece by piece, with these secrets. */
function scene(secrets: readonly string[] = ["hunter-of-words", key]) {
  const masker = createMasker(() => {});
  for (const secret of secrets) masker.add(secret);
  const given: string[][] = [];
  return { masker, given, lines: maskedLines(masker, (lines) => given.push([...lines])) };
}

test("a line is given on as soon as it is whole, and what is left at the end", () => {
  const { given, lines } = scene();
  lines.push(Buffer.from("first\nsec"));
  assert.deepEqual(given, [["first"]]);
  lines.push(Buffer.from("ond\n\nthird\nfour"));
  assert.deepEqual(given, [["first"], ["second", "", "third"]]);
  lines.end();
  assert.deepEqual(given.at(-1), ["four"]);
});

test("no secret is shown, wherever the pieces end, and nothing else is lost", () => {
  const text = `é: hunter-of-words!\nab\n${key} and\n-----BEGIN KEY-----\nab\nother\n${key}\n${key.slice(0, 25)}\nend`;
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    for (const size of [1, 7, bytes.length]) {
      const { masker, given, lines } = scene();
      for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)])
        for (let at = 0; at < part.length; at += size) lines.push(part.subarray(at, at + size));
      lines.end();
      assert.equal(given.flat().join("\n"), masker.redact(text), `cut at ${cut}, pieces of ${size}`);
    }
  }
});

test("lines that may begin a secret wait until it is clear that they do not", () => {
  const { given, lines } = scene();
  lines.push(Buffer.from("before\n-----BEGIN KEY-----\nab\n"));
  assert.deepEqual(given, [["before"]]);
  lines.push(Buffer.from("another\n"));
  assert.deepEqual(given[1], ["***", "ab", "another"]);
});

test("a line without an end is given on in parts, and not in the middle of a secret", () => {
  const { given, lines } = scene();
  lines.push(Buffer.from(`${".".repeat(100_000)}hunter`));
  assert.deepEqual(given, [[".".repeat(100_000)]]);
  lines.push(Buffer.from("-of-words\n"));
  assert.deepEqual(given[1], ["***"]);
});

test("a text is not cut in a secret that overlaps the begin of another one", () => {
  const { given, lines } = scene(["xxxx-yyyy", "yyyy\nzzzz\nvvvv"]);
  lines.push(Buffer.from("one\nxxxx-yyyy\n"));
  assert.deepEqual(given, [["one"]]);
  lines.push(Buffer.from("two\n"));
  assert.deepEqual(given[1], ["***", "two"]);
});
