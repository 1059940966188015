import assert from "node:assert/strict";
import { test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { patternWords, refusedWords } from "./pattern-words.ts";
import { checkSchema, readLanguage } from "./schema.ts";

/** Every pattern of a schema that a value must have, and whether its place has an example that can be shown. */
function patternsOf(schema: unknown): [pattern: string, hasExample: boolean][] {
  if (typeof schema !== "object" || schema === null) return [];
  const { pattern, examples } = schema as { pattern?: unknown; examples?: unknown };
  const own: [string, boolean][] = typeof pattern === "string" ? [[pattern, Array.isArray(examples)]] : [];
  // What must not match is told otherwise.
  return [...own, ...Object.entries(schema).flatMap(([key, inner]) => (key === "not" ? [] : patternsOf(inner)))];
}

test("no one has to read a regular expression: each has words, or an example", async () => {
  const { root } = await readLanguage(bundledChart());
  const patterns = patternsOf(root);
  assert.deepEqual(
    patterns.filter(([pattern, hasExample]) => !hasExample && patternWords[pattern] === undefined),
    [],
  );
  const known = new Set(patterns.map(([pattern]) => pattern));
  assert.deepEqual(
    Object.keys(patternWords).filter((pattern) => !known.has(pattern)),
    [],
    "the schema has these no more",
  );
});

test("what must not match a pattern has words too", async () => {
  const { root } = await readLanguage(bundledChart());
  const refused = [...JSON.stringify(root).matchAll(/"not":(\{[^{}]*\})/g)].map(([, text = ""]) => JSON.parse(text));
  const patterns = refused.flatMap(({ pattern }) => (pattern === undefined ? [] : [pattern]));
  assert.deepEqual([...new Set(patterns)].sort(), Object.keys(refusedWords).sort());
  const spec = { health: { startup: { within: "0s" } }, volumes: { a: { subPath: "../x" } } };
  const told = await checkSchema({ metadata: { name: "a" }, spec }, bundledChart());
  assert.deepEqual(
    told.map(({ message }) => message),
    ["`0s` is no time at all", "`../x` leads out of the volume"],
  );
});

test("what a pattern refuses is told in words, with an example", async () => {
  const told = async (content: unknown) => {
    const findings = await checkSchema({ metadata: { name: "a" }, ...(content as object) }, bundledChart());
    return findings.map(({ message, hint }) => `${message}; ${hint}`);
  };
  assert.deepEqual(await told({ spec: { ingress: { host: "X Y" } } }), [
    "`X Y` is not a host name of lower-case letters, digits, dashes and dots; Host name, for example `my-app.example.com`",
  ]);
  assert.deepEqual(await told({ spec: { env: { "A B": "x" } } }), [
    "`A B` is not a name of letters, digits, `_`, `.` and `-` without a digit in front; ",
  ]);
  assert.deepEqual(await told({ environments: { prod: { deploy: { branch: "a", tag: "b" } } } }), [
    "only one of branch and tag may be given; Which push deploys this environment: that of a branch, or of a tag",
  ]);
});

test("a key that is nothing here is not answered with everything there is", async () => {
  const [finding] = await checkSchema({ metadata: { name: "a" }, spec: { xyzzy: 1 } }, bundledChart());
  assert.equal(finding?.message, "`xyzzy` is not a key here");
  assert.match(finding?.hint ?? "", /docs\/manifest\.md/);
});
