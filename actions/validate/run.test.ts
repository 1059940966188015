import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { validateInputs } from "./inputs.ts";
import { run } from "./run.ts";

const inputs = validateInputs({ INPUT_MANIFESTS: "a.yaml", "INPUT_KUBERNETES-VERSION": "1.35" });

/** A manifest with so many components of the wrong type. */
function broken(count: number): string {
  const components = Array.from({ length: count }, (_, index) => `    c${index}: wrong\n`).join("");
  return `metadata: { name: a }\nspec:\n  components:\n${components}environments: { prod: }\n`;
}

test("more problems than GitHub takes are counted in the summary, and the output stays JSON", async (t) => {
  const { context, told } = await recordingContext(t);
  writeFileSync(join(context.workspace, "a.yaml"), broken(4_000));
  const { problems, errors } = await run(inputs, context);
  assert.equal(problems.length, 4_000);
  const kept = JSON.parse(errors);
  assert.ok(kept.length > 500 && kept.length < 4_000, `${kept.length} are in the output`);
  assert.deepEqual(kept, problems.slice(0, kept.length));
  assert.ok(Buffer.byteLength(errors) < 512 * 1024);
  const summary = told.summary.join("\n");
  assert.ok(Buffer.byteLength(summary) < 512 * 1024);
  const rows = summary.match(/^\| a\.yaml/gm)?.length ?? 0;
  assert.match(summary, /^### 4000 problems$/m);
  assert.ok(rows > 500);
  assert.ok(summary.includes(`${4_000 - rows} more are not shown here; the log has all.`));
  assert.equal(told.lines.length, 4_000);
});

test("a few problems are all in the summary and in the output", async (t) => {
  const { context, told } = await recordingContext(t);
  writeFileSync(join(context.workspace, "a.yaml"), broken(3));
  const { problems, errors } = await run(inputs, context);
  assert.deepEqual(JSON.parse(errors), problems);
  assert.equal(problems.length, 3);
  assert.doesNotMatch(told.summary.join("\n"), /more/);
});
