// Writes what is generated in the documentation: the tables of inputs and outputs in the README of each action, and
// docs/errors.md. With `--check` it writes nothing, and fails when something is out of date.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { errorCodes } from "../actions/core/errors.ts";
import { code, type Markdown, table } from "../actions/core/summary.ts";
import { manifestCodes } from "../actions/validate/codes.ts";

const root = join(import.meta.dirname, "..");

interface Described {
  readonly description: string;
  readonly required?: boolean;
  readonly default?: unknown;
}

interface ActionFile {
  readonly inputs?: Readonly<Record<string, Described>>;
  readonly outputs?: Readonly<Record<string, Described>>;
}

/** Paths of the files that differ from what would be generated, with the content that they should have. */
export function outdatedDocs(): ReadonlyMap<string, string> {
  const readmes = globSync("{action.yml,actions/*/action.yml}", { cwd: root })
    .sort()
    .map((file) => join(dirname(file), "README.md"));
  const wanted = [...readmes.map((file) => [file, readme(file)] as const), ["docs/errors.md", errorsPage()] as const];
  return new Map(wanted.filter(isOutdated));
}

function readme(file: string): string {
  const action: ActionFile = parse(readFileSync(join(root, dirname(file), "action.yml"), "utf8"));
  const text = readFileSync(join(root, file), "utf8");
  return between(between(text, "inputs", inputTable(action), file), "outputs", outputTable(action), file);
}

function inputTable({ inputs = {} }: ActionFile): string {
  const rows = Object.entries(inputs).map(([name, input]) => [code(name), prose(input), defaultOf(input)]);
  return table(["Input", "What it is", "Default"], rows);
}

function outputTable({ outputs = {} }: ActionFile): string {
  const rows = Object.entries(outputs).map(([name, output]) => [code(name), prose(output)]);
  return table(["Output", "What it is"], rows);
}

function defaultOf({ required = false, default: value }: Described): Markdown {
  return required ? { markdown: "required" } : code(String(value ?? ""));
}

/** A description is Markdown already; only the bar would end its cell. */
function prose({ description }: Described): Markdown {
  return { markdown: description.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|") };
}

function between(text: string, name: string, content: string, file: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} needs the lines ${start} and ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

function errorsPage(): string {
  const rows = (codes: Readonly<Record<string, string>>) =>
    Object.entries(codes).map(([name, meaning]) => [code(name), meaning]);
  return `# Errors

A step that fails gives exactly one error, titled with one of these codes. The codes are stable; the sentences are not.
${table(["Code", "What it means"], rows(errorCodes))}
## Manifests

\`MANIFEST_INVALID\` lists problems, and \`validate\` gives each as an annotation, titled with one of these codes. The rules of
the chart have codes of their own that start with \`APP_\`; their messages say what to change.
${table(["Code", "What it means"], rows(manifestCodes))}`;
}

function isOutdated([file, text]: readonly [string, string]): boolean {
  return !existsSync(join(root, file)) || readFileSync(join(root, file), "utf8") !== text;
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  const outdated = outdatedDocs();
  for (const [file, text] of outdated) {
    console.log(`${file} ${check ? "is out of date: run `npm run docs`" : "written"}`);
    if (check) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  if (check && outdated.size > 0) process.exitCode = 1;
}
