// Every YAML block and every command in the documentation is checked: nobody should copy something that does not work.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { bundledChart } from "../actions/core/helm.ts";
import { checkSchema } from "../actions/validate/schema.ts";
import { blocksOf, stepsOf, workflowOf } from "./docs.ts";

const root = join(import.meta.dirname, "..");
const files = globSync("{*.md,docs/**/*.md,chart/*.md,actions/*/*.md,examples/**/*.md}", { cwd: root }).sort();

for (const file of files) {
  const blocks = blocksOf(readFileSync(join(root, file), "utf8"));
  for (const { language, text, line } of blocks) {
    const place = `${file}:${line}`;
    if (language === "yaml") test(`the YAML at ${place} is right`, () => checkYaml(text));
    if (language === "sh") test(`the commands at ${place} exist`, () => checkCommands(text));
  }
}

async function checkYaml(text: string): Promise<void> {
  const document = parseDocument(text, { uniqueKeys: true });
  assert.deepEqual(document.errors, []);
  const content: Record<string, unknown> = document.toJS();
  if (content["kind"] === "Application") assert.deepEqual(await checkSchema(content, bundledChart()), []);
  else if ("cluster" in content) await checkCluster(content);
  else checkWorkflow(workflowOf(content));
}

/** Facts about a cluster are checked as what they become: values beside a manifest. */
async function checkCluster(content: Record<string, unknown>): Promise<void> {
  assert.deepEqual(Object.keys(content), ["cluster"]);
  const manifest = { metadata: { name: "web" }, spec: { port: 3000 }, environments: { prod: null } };
  assert.deepEqual(await checkSchema({ ...manifest, ...content }, bundledChart()), []);
}

function checkWorkflow(workflow: Record<string, unknown> | undefined): void {
  assert.ok(workflow !== undefined, "neither a manifest, cluster facts, nor a part of a workflow");
  for (const { uses = "", with: given = {} } of stepsOf(workflow)) {
    const match = /^jterrazz\/fairlead(?:\/(.+))?@v1$/.exec(uses);
    if (match === null) continue;
    const action = join(root, match[1] ?? ".", "action.yml");
    const { inputs }: { inputs: Record<string, { required?: boolean }> } = parseDocument(
      readFileSync(action, "utf8"),
    ).toJS();
    const unknown = Object.keys(given).filter((name) => !(name in inputs));
    const missing = Object.keys(inputs).filter((name) => inputs[name]?.required && !(name in given));
    assert.deepEqual({ unknown, missing }, { unknown: [], missing: [] }, uses);
  }
}

function checkCommands(text: string): void {
  for (const [script] of text.matchAll(/(?<![\w/])(\.\/)?(scripts|test)\/[\w./-]+/g)) {
    assert.ok(existsSync(join(root, script)), `${script} does not exist`);
  }
}
