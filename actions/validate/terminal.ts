import { oneLine, type Problem } from "./problem.ts";

/** How text is coloured; without colours it is given back as it is. */
export type Paint = (style: "red" | "yellow" | "green" | "bold" | "blue" | "cyan", text: string) => string;

/** Longer lines are cut around the problem. */
const widest = 120;

/**
 * A problem as compilers show it: what is wrong, where, the line with the place underlined, and the advice.
 *
 * @param source text of the file; without it no line is shown.
 * @param level `warning` for what is worth a look and no problem.
 */
export function renderProblem(
  problem: Problem,
  source: string | undefined,
  paint: Paint,
  level: "error" | "warning" = "error",
): string {
  const { file, line, column, code, path, message, hint, environment } = problem;
  const gutter = " ".repeat(String(line).length);
  const where = [`${oneLine(file)}:${line}:${column}`, path, environment === "" ? "" : `(${environment})`];
  return [
    `${paint(level === "error" ? "red" : "yellow", `${level}[${code}]`)}${paint("bold", `: ${message}`)}`,
    `${gutter}${paint("blue", "-->")} ${where.filter((part) => part !== "").join("  ")}`,
    ...(source === undefined ? [] : excerpt(problem, source, paint)),
    ...(hint === "" ? [] : [`${gutter} ${paint("blue", "=")} ${paint("cyan", hint)}`]),
  ].join("\n");
}

function excerpt(problem: Problem, source: string, paint: Paint): string[] {
  const { line, column, endLine, endColumn } = problem;
  const text = source.split("\n", line)[line - 1]?.trimEnd();
  if (text === undefined) return [];
  const from = Math.max(0, column - 1 - widest / 2);
  const shown = printable(text.slice(from, from + widest));
  const start = column - 1 - from;
  const end = endLine > line ? shown.length : Math.min(endColumn - 1 - from, shown.length);
  // A tab before the place keeps its width, so that the mark stands below what it marks.
  const indent = shown.slice(0, start).replaceAll(/[^\t]/g, " ").padEnd(start);
  const mark = "^".repeat(Math.max(1, end - start));
  const gutter = " ".repeat(String(line).length);
  return [
    `${gutter} ${paint("blue", "|")}`,
    `${paint("blue", `${line} |`)} ${shown}`,
    `${gutter} ${paint("blue", "|")} ${indent}${paint("red", mark)}`,
  ];
}

/** A file of somebody else must not move the cursor or change the colours of this terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t]/gu, "\ufffd");
}
