import assert from "node:assert/strict";
import { test } from "node:test";
import type { Problem } from "./problem.ts";
import { renderProblem } from "./terminal.ts";

const problem: Problem = {
  file: "a.yaml",
  ...{ line: 2, column: 5, endLine: 2, endColumn: 12 },
  ...{ code: "APP_KEY_UNKNOWN", path: "spec.replica", message: "`replica` is not a key here" },
  ...{ hint: "did you mean `replicas`?", environment: "prod" },
};
const plain = (_: string, text: string) => text;

test("a problem shows its line, with the place underlined, and the advice", () => {
  assert.equal(
    renderProblem(problem, "spec:\n    replica: 2\n", plain),
    `error[APP_KEY_UNKNOWN]: \`replica\` is not a key here
 --> a.yaml:2:5  spec.replica  (prod)
  |
2 |     replica: 2
  |     ^^^^^^^
  = did you mean \`replicas\`?`,
  );
});

test("a warning says that it is one", () => {
  const marked = (style: string, text: string) => (style === "yellow" ? `<${text}>` : text);
  assert.match(renderProblem(problem, undefined, marked, "warning"), /^<warning\[APP_KEY_UNKNOWN\]>: `replica`/);
});

test("what goes on in the next line is underlined to the end of the first", () => {
  const text = renderProblem({ ...problem, endLine: 4, endColumn: 3 }, "spec:\n    replica:\n      a: 1\n", plain);
  assert.match(text, /^ {2}\| {5}\^{8}$/m);
});

test("a mark stands below its place after tabs, and in a line that is too long", () => {
  assert.match(renderProblem({ ...problem, column: 2, endColumn: 3 }, "a:\n\tb: 1\n", plain), /^ {2}\| \t\^$/m);
  const long = `a:\n${"x".repeat(500)}KEY${"y".repeat(500)}`;
  const lines = renderProblem({ ...problem, column: 501, endColumn: 504 }, long, plain).split("\n");
  const mark = lines[4]?.indexOf("^^^") ?? -1;
  assert.equal(lines[3]?.slice(mark, mark + 3), "KEY");
  assert.ok(lines.every((line) => line.length < 140));
});

test("escape sequences of a file do not reach the terminal", () => {
  const text = renderProblem(problem, "spec:\n    replica: \u001b[2J\u009b1m\n", plain);
  assert.doesNotMatch(text, /[^\P{Cc}\n]/u);
});

test("without the text of the file, or past its end, no line is shown", () => {
  for (const source of [undefined, "one line"]) {
    assert.equal(renderProblem({ ...problem, hint: "" }, source, plain).split("\n").length, 2);
  }
});
