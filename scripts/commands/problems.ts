import { readFile } from "node:fs/promises";
import { styleText } from "node:util";
import type { Problem } from "../../actions/validate/problem.ts";
import { type Paint, renderProblem } from "../../actions/validate/terminal.ts";
import type { Verdict } from "../../actions/validate/validate.ts";

/** Colours for a stream: only where it is a terminal, or as NO_COLOR and FORCE_COLOR say. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

/** Problems and remarks as compilers print them, each with its line. */
export async function renderVerdict({ problems, remarks }: Pick<Verdict, "problems" | "remarks">, paint: Paint) {
  const excerpts = [
    ...(await Promise.all(remarks.map((remark) => excerptOf(remark, "warning", paint)))),
    ...(await Promise.all(problems.map((problem) => excerptOf(problem, "error", paint)))),
  ];
  const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
  return [...excerpts.map((text) => `${text}\n`), ...(problems.length > 0 ? [count] : [])].join("\n");
}

async function excerptOf(problem: Problem, level: "error" | "warning", paint: Paint): Promise<string> {
  // What is wrong with a file as a whole has no line, and a link out of the repository is not to be shown.
  const whole = problem.code.startsWith("FILE_") && problem.path === "";
  const source = whole ? undefined : await readFile(problem.file, "utf8");
  return renderProblem(problem, source, paint, level);
}

/**
 * Prints on the error stream what keeps a command from going on, or what is worth a look; the output is left to what
 * was asked for.
 */
export async function complain(verdict: Pick<Verdict, "problems" | "remarks">, json: boolean): Promise<void> {
  const { problems, remarks } = verdict;
  if (problems.length + remarks.length === 0) return;
  console.error(json ? JSON.stringify(problems, null, 2) : await renderVerdict(verdict, paintFor(process.stderr)));
}
