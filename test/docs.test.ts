// Every YAML block, link and command in the documentation is checked: nobody should copy something that does not work.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments, parseDocument } from "yaml";
import { repositoriesIn } from "../actions/bootstrap/plan/list.ts";
import { bundledChart } from "../actions/core/helm.ts";
import { type OperationName, operations } from "../actions/operate/inputs.ts";
import { objectChecker } from "../actions/validate/objects.ts";
import { checkSchema } from "../actions/validate/schema.ts";
import { operationCommand } from "../scripts/commands/operate.ts";
import { anchorsOf, blocksOf, localLinksOf, manifestOf, stepsOf, workflowOf } from "./docs.ts";

const root = join(import.meta.dirname, "..");
const files = globSync("{*.md,docs/**/*.md,chart/*.md,actions/*/*.md,examples/**/*.md}", { cwd: root }).sort();

for (const file of files) {
  const page = readFileSync(join(root, file), "utf8");
  test(`the links of ${file} lead somewhere`, () => checkLinks(file, page));
  const blocks = blocksOf(page);
  for (const { language, text, line } of blocks) {
    const place = `${file}:${line}`;
    if (language === "yaml") test(`the YAML at ${place} is right`, () => checkYaml(text));
    if (language === "sh") test(`the commands at ${place} exist`, () => checkCommands(text));
  }
}

for (const file of globSync(".github/workflows/*.yml", { cwd: root }).sort()) {
  test(`${file} gives actions of ours inputs that they have`, () => checkYaml(readFileSync(join(root, file), "utf8")));
}

test("the page about the seed names every older spelling that the schema knows", () => {
  const page = readFileSync(join(root, "docs/from-the-seed.md"), "utf8");
  const older = [...olderKeys(JSON.parse(readFileSync(join(bundledChart(), "values.schema.json"), "utf8")))];
  assert.ok(older.length > 5);
  const words = new Set(page.match(/\w+/g));
  assert.deepEqual(
    older.filter((key) => !words.has(key)),
    [],
  );
});

/** The keys of a schema whose description says that they are the seed's. */
function* olderKeys(node: unknown): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  const properties = ("properties" in node ? node.properties : {}) as Record<string, { description?: string }>;
  for (const [key, { description = "" }] of Object.entries(properties)) if (/the seed's/i.test(description)) yield key;
  for (const inner of Object.values(node)) yield* olderKeys(inner);
}

async function checkYaml(text: string): Promise<void> {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  assert.ok("empty" in documents === false && documents.length > 0);
  assert.deepEqual(
    documents.flatMap(({ errors }) => errors),
    [],
  );
  const contents: Record<string, unknown>[] = documents.map((document) => document.toJS());
  for (const content of contents) await checkContent(content, text);
}

async function checkContent(content: Record<string, unknown>, text: string): Promise<void> {
  const manifest = manifestOf(content);
  if (manifest !== undefined) assert.deepEqual(await checkSchema(manifest, bundledChart()), []);
  else if ("cluster" in content) await checkCluster(content);
  else if ("services" in content) checkCompose(content);
  else if ("repositories" in content) assert.ok((await repositoriesIn(text)).length > 0);
  else if ("apiVersion" in content) assert.deepEqual(objectChecker()(text), { mistakes: [], unknown: [] });
  else checkWorkflow(workflowOf(content));
}

/** What a compose file is made of; it is only ever shown as what somebody had before. */
function checkCompose({ services, ...others }: Record<string, unknown>): void {
  assert.deepEqual(
    Object.keys(others).filter((key) => key !== "volumes"),
    [],
  );
  for (const service of Object.values(services as Record<string, object>))
    assert.ok("image" in service || "build" in service);
}

function checkLinks(file: string, page: string): void {
  for (const address of localLinksOf(page)) {
    const [path = "", anchor] = address.split("#");
    const target = join(root, path === "" ? file : join(dirname(file), path));
    assert.ok(existsSync(target), address);
    if (anchor !== undefined) assert.ok(anchorsOf(readFileSync(target, "utf8")).has(anchor), address);
  }
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

/** What a command of the command line tells of its options. */
async function usageOf(name: string): Promise<string> {
  if (["validate", "render", "diff", "bootstrap"].includes(name)) {
    return (await import(`../scripts/commands/${name}.ts`))[name].usage;
  }
  assert.ok((operations as readonly string[]).includes(name), `fairlead has no command ${name}`);
  return operationCommand(name as OperationName, "it").usage;
}

async function checkCommands(text: string): Promise<void> {
  for (const [script] of text.matchAll(/(?<![\w/])(\.\/)?(scripts|test)\/[\w./-]+/g)) {
    assert.ok(existsSync(join(root, script)), `${script} does not exist`);
  }
  for (const [line, name = ""] of text.matchAll(/^npx github:jterrazz\/fairlead#v1 (\w+).*$/gm)) {
    const usage = await usageOf(name);
    for (const [option] of line.matchAll(/(?<= )--[\w-]+/g)) assert.ok(usage.includes(option), `${name} ${option}`);
  }
}
