import assert from "node:assert/strict";
import { test } from "node:test";
import { findBrokenExpressions } from "./expressions.ts";

const told = (manifest: unknown) =>
  findBrokenExpressions(manifest).map(({ keys, message, hint }) => `${keys.join(".")}: ${message}; ${hint}`);

test("an expression that cannot be read is found, in every scope", () => {
  const verify = { a: { logs: "(open" }, b: { run: "x", expect: { pattern: "(?s)one.*two" } } };
  const found = told({ spec: { verify }, environments: { prod: { verify: { a: { logs: "[" } } }, staging: null } });
  assert.equal(found.length, 3);
  assert.match(found[0] ?? "", /^spec\.verify\.a\.logs: Invalid regular expression: \/\(open\/m: /);
  assert.match(found[1] ?? "", /^spec\.verify\.b\.expect\.pattern: .*Invalid group; write `\[\\s\\S\]`/);
  assert.match(found[2] ?? "", /^environments\.prod\.verify\.a\.logs: /);
});

test("what can be read, what is no text, and a check that is taken away are no fault", () => {
  const verify = { a: { logs: "(?=.*a)b" }, b: { expect: { pattern: "^one\\s+two$" } }, c: null, d: { logs: 3 } };
  assert.deepEqual(told({ spec: { verify }, environments: null }), []);
  assert.deepEqual(told([]), []);
});
