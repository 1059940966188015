import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Which lines of the templates print something, and a chart without one of them.

/** A line that prints a value. */
export interface PrintingLine {
  /** From the chart's folder. */
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** What an action of a template does that prints nothing. */
const silent = /^(?:if|else|end|with|range|define|block)\b|^\/\*|^\$\w*(?:, *\$\w+)? *:?=/;

/** The lines of `templates/kinds/` that print a value and open or close nothing, so that one can be taken out by itself. */
export function printingLines(chart: string): PrintingLine[] {
  return globSync("templates/kinds/*.tpl", { cwd: chart })
    .sort()
    .flatMap((file) =>
      readFileSync(join(chart, file), "utf8")
        .split("\n")
        .map((text, index) => ({ file, number: index + 1, text }))
        .filter(({ text }) => prints(text)),
    );
}

function prints(line: string): boolean {
  const actions = [...line.matchAll(/\{\{-?\s*(.*?)\s*-?\}\}/g)].map(([, action = ""]) => action);
  return actions.length > 0 && !actions.some((action) => silent.test(action));
}

/** Does something while a line is missing in a chart. */
export function without<T>(chart: string, { file, number }: PrintingLine, look: () => T): T {
  const path = join(chart, file);
  const whole = readFileSync(path, "utf8");
  writeFileSync(
    path,
    whole
      .split("\n")
      .toSpliced(number - 1, 1)
      .join("\n"),
  );
  try {
    return look();
  } finally {
    writeFileSync(path, whole);
  }
}
