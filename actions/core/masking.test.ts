import assert from "node:assert/strict";
import { test } from "node:test";
import { createMasker } from "./masking.ts";

function scene() {
  const registered: string[] = [];
  return { registered, masker: createMasker((value) => registered.push(value)) };
}

test("a secret is blanked as a whole, trimmed, and line by line", () => {
  const { registered, masker } = scene();
  masker.add("first-line\r\n  second-line\n{\n");
  assert.deepEqual(registered, ["first-line", "second-line"]);
  assert.equal(masker.redact("<second-line> <first-line> {"), "<***> <***> {");
  assert.equal(masker.redact("first-line\r\n  second-line\n{"), "***");
});

test("the longest secret wins where one holds another", () => {
  const { masker } = scene();
  masker.add("pass");
  masker.add("password-with-more");
  assert.equal(masker.redact("password-with-more, pass"), "***, ***");
});

test("a value of up to three characters stays, since masking it would blank the log", () => {
  const { registered, masker } = scene();
  masker.add("abc");
  masker.add("");
  assert.deepEqual(registered, []);
  assert.equal(masker.redact("abc"), "abc");
});

test("a secret is registered once", () => {
  const { registered, masker } = scene();
  masker.add("secret-value");
  masker.add("secret-value\n");
  assert.deepEqual(registered, ["secret-value"]);
});

test("a document is blanked as a whole only", () => {
  const { registered, masker } = scene();
  masker.addDocument("kind: Config\nuser: ci\n");
  masker.addDocument('{"one":"line"}');
  assert.deepEqual(registered, ['{"one":"line"}']);
  assert.equal(masker.redact("kind: Config, kind: Config\nuser: ci\n"), "kind: Config, ***");
});
