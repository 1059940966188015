import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { compileCache } from "../../test/compile-cache.ts";
import { recordingContext } from "../../test/context.ts";
import { parsePairs } from "../../test/harness/file-commands.ts";

/** Runs a program that has a `runner`, and gives its output and the content of the runner's files. */
async function told(t: TestContext, program: string) {
  const { context } = await recordingContext(t);
  const names = ["OUTPUT", "ENV", "STATE", "STEP_SUMMARY"] as const;
  const file = (name: string) => join(context.folder, name);
  for (const name of names) await writeFile(file(name), "");
  const env = Object.fromEntries(names.map((name) => [`GITHUB_${name}`, file(name)]));
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, "runner.ts")).href);
  const start = `import { actionsRunner } from ${module}; const runner = actionsRunner(process.env);`;
  const args = ["--input-type=module", "-e", `${start}\n${program}`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...compileCache, ...env } });
  const read = (name: (typeof names)[number]) => readFile(file(name), "utf8");
  return { stdout, output: await read("OUTPUT"), env: await read("ENV"), summary: await read("STEP_SUMMARY") };
}

test("lines, groups, masks and annotations are workflow commands", async (t) => {
  const { stdout } = await told(
    t,
    `runner.info("plain"); runner.group("Heading", ["one", "two"]); runner.mask("hid\\nden");
     runner.annotate("notice", "all: well, 100%"); runner.annotate("warning", "two\\nlines", "T: i,t");
     runner.annotate("error", "bad", undefined, { file: "a.yaml", line: 2 });
     runner.annotate("error", "word", undefined, { file: "a.yaml", line: 2, column: 3, endLine: 2, endColumn: 7 });
     runner.annotate("error", "block", undefined, { file: "a.yaml", line: 2, column: 3, endLine: 4, endColumn: 1 });`,
  );
  assert.deepEqual(stdout.split("\n"), [
    "plain",
    ...["::group::Heading", "one", "two", "::endgroup::"],
    "::add-mask::hid%0Aden",
    "::notice::all: well, 100%25",
    "::warning title=T%3A i%2Ct::two%0Alines",
    "::error file=a.yaml,line=2::bad",
    "::error file=a.yaml,line=2,col=3,endColumn=7::word",
    "::error file=a.yaml,line=2,endLine=4::block",
    "",
  ]);
});

test("values of several lines reach the runner's files under a delimiter that they cannot hold", async (t) => {
  const { output, env } = await told(
    t,
    `runner.setOutput("names", "a\\nEOF\\nPATH=x"); runner.exportVariable("KEY", "1\\n2");`,
  );
  const delimiter = /^names<<(\S{20,})\na\nEOF\nPATH=x\n\1\n$/;
  assert.match(output, delimiter);
  assert.match(env, /^KEY<<(\S{20,})\n1\n2\n\1\n$/);
});

test("values of one line reach them as they are, whatever is in them", async (t) => {
  const values = ["", " two  blanks ", "a=b<<c", "::add-mask::x", "grüße 🙂", "tab\t"];
  const calls = values.map((value, index) => `runner.setOutput("n-${index}", ${JSON.stringify(value)});`);
  const { output } = await told(t, calls.join("\n"));
  assert.deepEqual(Object.values(parsePairs(output)), values);
});

test("the summary grows", async (t) => {
  const { summary } = await told(t, `runner.summarize("# one"); runner.summarize("two");`);
  assert.equal(summary, "# one\ntwo\n");
});
