import { basename, dirname } from "node:path";
import { columns } from "../core/columns.ts";
import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import type { Masker } from "../core/masking.ts";
import { details, escapeMarkdown, table } from "../core/summary.ts";
import { mapTexts } from "../deploy/report/texts.ts";
import type { OperateInputs } from "./inputs.ts";
import type { Outcome, Section } from "./outcome.ts";

/** What an operation came to, as data: summary, log and report file all tell this. */
export interface Report extends Omit<Outcome, "failure"> {
  /** Of this shape; a change that would break a reader raises it. */
  readonly schemaVersion: 1;
  readonly operation: string;
  readonly environment: string;
  /** Code of the failure in docs/errors.md; empty when there was none. */
  readonly code: string;
  /** The failure in a sentence, with what to do about it. */
  readonly message: string;
}

/** Tells what an operation came to: in the summary, in the log, as outputs, and as a file. No secret is in any of them. */
export async function publish(inputs: OperateInputs, outcome: Outcome, context: Context): Promise<Report> {
  const { runner, masker, folder } = context;
  const report = reportOf(inputs, outcome, masker);
  runner.summarize(renderSummary(report));
  runner.verbatim(plainText(report));
  const file = `${basename(folder)}-report.json`;
  runner.setOutput("report", await writePrivateFile(dirname(folder), file, `${JSON.stringify(report, null, 2)}\n`));
  runner.setOutput("status", report.status);
  runner.setOutput("revision", String(report.revision));
  return report;
}

/** The outcome of an operation that was refused, or broke off. */
export function outcomeOf(thrown: unknown): Outcome {
  const isRefusal = thrown instanceof FairleadError && thrown.code === "OPERATION_REFUSED";
  const said = messageOf(thrown).replace(/\.$/, "");
  // A Role to apply, or the words of Helm.
  const details = thrown instanceof FairleadError ? (thrown.details ?? "") : "";
  const sections = [{ name: "What was seen", text: details }];
  return { status: isRefusal ? "refused" : "failed", said, revision: 0, sections };
}

/** What an operation came to, without secrets. */
export function reportOf(
  { operation, environment }: Pick<OperateInputs, "operation" | "environment">,
  { failure, ...outcome }: Outcome,
  masker: Pick<Masker, "redact">,
): Report {
  const [code, message] = failure === undefined ? ["", ""] : [failure.code, failure.sentence];
  const sections = outcome.sections.filter((section) => !isEmpty(section));
  // Text by text, before anything is quoted: a secret that is escaped would not be found.
  return mapTexts({ schemaVersion: 1, operation, environment, ...outcome, sections, code, message }, masker.redact);
}

function isEmpty(section: Section): boolean {
  return "rows" in section ? section.rows.length === 0 : section.text.trim() === "";
}

const signs: Readonly<Record<string, string>> = { failed: "❌", refused: "❌", unhealthy: "⚠️", absent: "⚠️", held: "⏸️" };

/** Bytes that GitHub takes from one step are 1 MiB. */
const mostBytes = 900_000;

/** The job summary: what was done, then tables and texts, the texts folded away. */
export function renderSummary(report: Report): string {
  for (let limit = 200_000; ; limit = Math.floor(limit / 4)) {
    const markdown = render(report, limit);
    if (Buffer.byteLength(markdown) <= mostBytes || limit === 0) return markdown;
  }
}

function render({ operation, environment, status, said, message, sections }: Report, limit: number): string {
  const sign = signs[status] ?? "✅";
  return [
    `### ${sign} ${operation} ${escapeMarkdown(environment)}: ${escapeMarkdown(status)}`,
    `\n> ${escapeMarkdown(message === "" ? `${said}.` : message)}\n`,
    ...sections.map((section) => sectionOf(section, limit)),
  ].join("\n");
}

/** Rows that a table of a summary has at most; a report file has all. */
const mostRows = 200;

function sectionOf(section: Section, limit: number): string {
  if ("text" in section) {
    const { text } = section;
    const end = text.length > limit ? `… ${text.slice(text.length - limit)}` : text;
    return details(section.name, end.trimEnd());
  }
  const head = headOf(section.rows);
  const shown = section.rows.slice(0, limit === 0 ? 0 : mostRows);
  const more = section.rows.length - shown.length;
  const rows = shown.map((row) => head.map((key) => row[key] ?? ""));
  return [`#### ${section.name}`, table(head, rows), ...(more > 0 ? [`and ${more} more\n`] : [])].join("\n");
}

/** The same for a log or a terminal, without what it showed before. */
export function plainText({ said, sections }: Report): string[] {
  const left = sections.filter((section) => !("shown" in section && section.shown));
  return [...left.flatMap((section) => ["", `${section.name}:`, ...linesOf(section)]), "", `${said}.`];
}

function linesOf(section: Section): string[] {
  if ("text" in section) return section.text.trimEnd().split("\n");
  const head = headOf(section.rows);
  const cells = section.rows.map((row) => head.map((key) => (row[key] ?? "").replaceAll(/\s*\n\s*/g, " ")));
  return columns([head.map((key) => key.toUpperCase()), ...cells]).map((line) => `  ${line}`);
}

function headOf(rows: readonly Readonly<Record<string, string>>[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}
