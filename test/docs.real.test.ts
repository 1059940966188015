import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse, stringify } from "yaml";
import { createMasker } from "../actions/core/masking.ts";
import { execute } from "../actions/core/process.ts";
import { ensureTools } from "./cluster/toolchain.ts";
import { blocksOf, workflowOf } from "./docs.ts";

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "fairlead-docs-"));
after(() => rm(folder, { recursive: true }));

for (const file of globSync("{*.md,actions/*/*.md}", { cwd: root }).sort()) {
  for (const { language, text, line } of blocksOf(readFileSync(join(root, file), "utf8"))) {
    const workflow = language === "yaml" ? workflowOf(parse(text)) : undefined;
    if (workflow !== undefined) test(`actionlint takes the workflow at ${file}:${line}`, () => lint(workflow));
  }
}

async function lint(workflow: Record<string, unknown>): Promise<void> {
  const { actionlint } = await ensureTools(["actionlint"], console.log);
  const path = join(folder, "workflow.yml");
  await writeFile(path, stringify(workflow));
  await execute(actionlint, [path], { environment: process.env, masker: createMasker(() => {}) });
}
