import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeProblems, mostUseful, type Problem, sentenceOf } from "./problem.ts";

function problem(file: string, line: number, more: Partial<Problem> = {}): Problem {
  const span = { line, column: 3, endLine: line, endColumn: 7 };
  return { file, ...span, code: "APP_X", path: "spec.x", message: "wrong", hint: "", environment: "", ...more };
}

test("a problem of several environments is one that names them all", () => {
  const found = ["prod", "staging", "prod"].map((environment) => problem("a.yaml", 4, { environment }));
  assert.deepEqual(mergeProblems(found), [problem("a.yaml", 4, { environment: "prod, staging" })]);
});

test("a problem that shows without an environment shows in all", () => {
  const found = ["prod", ""].map((environment) => problem("a.yaml", 4, { environment }));
  assert.deepEqual(mergeProblems(found), [problem("a.yaml", 4)]);
});

test("problems are in the order of files, lines and columns, not of text", () => {
  const found = [
    problem("b.yaml", 1),
    problem("a.yaml", 10),
    problem("a.yaml", 9),
    problem("a.yaml", 9, { column: 1 }),
  ];
  assert.deepEqual(
    mergeProblems(found).map(({ file, line, column }) => `${file}:${line}:${column}`),
    ["a.yaml:9:1", "a.yaml:9:3", "a.yaml:10:3", "b.yaml:1:3"],
  );
});

test("of too many problems every file shows its first, and every line one before another line's second", () => {
  const many = Array.from({ length: 12 }, (_, index) => problem("a.yaml", index + 1));
  const again = problem("a.yaml", 1, { message: "a consequence" });
  const chosen = mostUseful(mergeProblems([...many, again, problem("b.yaml", 1), problem("c.yaml", 1)]), 5);
  assert.deepEqual(
    chosen.map(({ file, line, message }) => `${file}:${line} ${message}`),
    ["a.yaml:1 wrong", "a.yaml:2 wrong", "a.yaml:3 wrong", "b.yaml:1 wrong", "c.yaml:1 wrong"],
  );
});

test("a sentence has place, key, problem, advice, environment and code", () => {
  assert.equal(
    sentenceOf(problem("a.yaml", 2, { hint: "write y", environment: "prod" })),
    "a.yaml:2:3: spec.x: wrong; write y (prod) [APP_X]",
  );
});

test("a key with a line break cannot give the runner a command", () => {
  const [clean] = mergeProblems([
    problem("a.yaml", 1, { path: "spec.a\n::error::x", message: "b\r\n::stop", hint: "\u001b[2J" }),
  ]);
  assert.ok(clean !== undefined);
  assert.doesNotMatch(sentenceOf({ ...clean, file: "a\n.yaml" }), /\p{Cc}/u);
  assert.match(sentenceOf(clean), /spec\.a\\x0a::error::x/);
});
