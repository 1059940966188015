import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { createMasker } from "../actions/core/masking.ts";
import { execute } from "../actions/core/process.ts";
import { objects } from "../chart/helm.testing.ts";
import { ensureTools } from "./cluster/toolchain.ts";
import { blocksOf, manifestOf, workflowOf } from "./docs.ts";

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "fairlead-docs-"));
after(() => rm(folder, { recursive: true }));

for (const file of globSync("{*.md,docs/**/*.md,chart/*.md,actions/*/*.md,examples/**/*.md}", { cwd: root }).sort()) {
  let manifest: Record<string, unknown> | undefined;
  for (const { language, info, text, line } of blocksOf(readFileSync(join(root, file), "utf8"))) {
    const contents = language === "yaml" ? parseAllDocuments(text).map((document) => document.toJS()) : [];
    const workflow = workflowOf(contents[0]);
    if (workflow !== undefined) test(`actionlint takes the workflow at ${file}:${line}`, () => lint(workflow));
    const shown = contents[0] === undefined ? undefined : manifestOf(contents[0]);
    if (shown !== undefined) test(`the manifest at ${file}:${line} renders`, () => render(shown));
    manifest = shown ?? manifest;
    const before = manifest;
    const environment = /^objects (.+)$/.exec(info)?.[1];
    if (environment === undefined) continue;
    test(`the manifest above ${file}:${line} gives these objects`, () => compare(before ?? {}, environment, text));
  }
}

/** Renders a manifest in all its environments; a pattern stands for one that fits it. */
async function render(manifest: Record<string, unknown>): Promise<void> {
  for (const name of Object.keys(manifest["environments"] as object)) {
    const found = await objectsOf(manifest, name.replaceAll("*", "1"));
    assert.notEqual(found.size, 0);
  }
}

async function compare(manifest: Record<string, unknown>, environment: string, text: string): Promise<void> {
  const found = await objectsOf(manifest, environment);
  assert.deepEqual([...found.keys()].sort(), text.trim().split(/\s+/).sort());
}

async function objectsOf(manifest: Record<string, unknown>, environment: string) {
  const { helm } = await ensureTools(["helm"], console.log);
  return objects({ ...manifest, environment }, [], helm);
}

async function lint(workflow: Record<string, unknown>): Promise<void> {
  const { actionlint } = await ensureTools(["actionlint"], console.log);
  const path = join(folder, "workflow.yml");
  await writeFile(path, stringify(workflow));
  await execute(actionlint, [path], { environment: process.env, masker: createMasker(() => {}) });
}
