/** Bytes for one part of a summary, or for an output: GitHub takes 1 MiB of a step's summary, and of a job's outputs. */
const mostBytes = 400_000;

/** The first of some items, as many as a part of a summary or an output can hold; @param textOf how an item is written there. */
export function firstThatFit<T>(items: readonly T[], textOf: (item: T) => string): readonly T[] {
  let bytes = 0;
  const end = items.findIndex((item) => {
    bytes += Buffer.byteLength(textOf(item)) + 1;
    return bytes > mostBytes;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** One row of a table; each cell is plain text and is escaped. */
export type Row = readonly (string | Markdown)[];

/** Text that is Markdown already, such as a link. */
export interface Markdown {
  readonly markdown: string;
}

/** A table in GitHub-flavoured Markdown, with a blank line around it. */
export function table(head: readonly string[], rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map(renderCell).join(" | ")} |`;
  return ["", line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line), ""].join("\n");
}

/** A link; the address must be a web address, anything else is shown as text. */
export function link(label: string, address: string): Markdown {
  if (!/^https?:\/\/[^\s<>()]+$/.test(address)) return { markdown: escapeMarkdown(label) };
  return { markdown: `[${escapeMarkdown(label)}](${address.replaceAll("|", "%7C")})` };
}

/** Text in a code span of a table cell. */
export function code(content: string): Markdown {
  if (content === "") return { markdown: "" };
  const oneLine = content.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
  // A code span ends at the first run of as many backticks as opened it (CommonMark 6.1).
  const longest = Math.max(0, ...[...oneLine.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return { markdown: `${fence}${pad}${oneLine}${pad}${fence}` };
}

/** A block of text that folds away, such as the log of a container. @param language how it is coloured. */
export function details(heading: string, content: string, language: "text" | "diff" = "text"): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `\n<details><summary>${escapeHtml(heading)}</summary>\n\n${fence}${language}\n${content}\n${fence}\n\n</details>\n`;
}

function renderCell(cell: string | Markdown): string {
  return typeof cell === "string" ? escapeMarkdown(cell) : cell.markdown;
}

/** Plain text as Markdown that shows it unchanged, on one line. */
export function escapeMarkdown(text: string): string {
  return escapeHtml(text)
    .replaceAll(/[\\`*_[\]|~]/g, "\\$&")
    .replaceAll(/\s*\n\s*/g, "<br>");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
