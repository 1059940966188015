import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { code, type Markdown, table } from "../../actions/core/summary.ts";

interface Described {
  readonly description: string;
  readonly required?: boolean;
  readonly default?: unknown;
}

interface ActionFile {
  readonly inputs?: Readonly<Record<string, Described>>;
  readonly outputs?: Readonly<Record<string, Described>>;
}

/** The README of an action with the tables of its inputs and outputs, which come from the `action.yml` beside it. */
export function readme(root: string, file: string): string {
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

/** A text with other content between the lines `<!-- name -->` and `<!-- /name -->`. Throws when they are not there. */
function between(text: string, name: string, content: string, file: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} needs the lines ${start} and ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}
