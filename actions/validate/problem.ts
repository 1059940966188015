/** A part of a file; lines and columns count from 1, the end is the first position after it. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Something wrong with a manifest, before its place is known. */
export interface Finding {
  readonly code: string;
  /** Keys from the root of the manifest to what is wrong. */
  readonly keys: readonly string[];
  /** Whether the key itself is wrong, or its value. */
  readonly target: "key" | "value";
  /** What is wrong, with the value that was given and what is allowed. */
  readonly message: string;
  /** What was probably meant, or what to write instead; empty when nothing better than the message is known. */
  readonly hint: string;
}

/** Something wrong with a manifest, and where. */
export interface Problem extends Span {
  readonly file: string;
  readonly code: string;
  /** Keys from the root of the manifest, joined by dots; empty when the file itself is wrong. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  /** Environments that it shows in, joined by commas; empty when it is in the manifest whatever the environment. */
  readonly environment: string;
}

const start: Span = { line: 1, column: 1, endLine: 1, endColumn: 1 };

/** A problem of a whole file. */
export function fileProblem(file: string, code: string, message: string, hint: string, span: Span = start): Problem {
  return { file, ...span, code, path: "", message, hint, environment: "" };
}

/**
 * Every problem once, in the order of the files and of the places in them. What shows in several environments names all
 * of them.
 */
export function mergeProblems(problems: readonly Problem[]): Problem[] {
  const merged = new Map<string, Problem>();
  for (const raw of problems) {
    const problem = onOneLine(raw);
    const { environment, ...rest } = problem;
    const key = JSON.stringify(rest);
    const known = merged.get(key);
    const both = [...new Set([...(known?.environment.split(", ") ?? []), environment])];
    const everywhere = both.includes("");
    merged.set(key, { ...problem, environment: everywhere ? "" : both.join(", ") });
  }
  return [...merged.values()].sort(byPlace);
}

/**
 * The problems that are worth an annotation, at most `limit`: the first of each line before the others of it, and the
 * first lines of every file before later ones, since one mistake often causes the problems that follow it.
 */
export function mostUseful(problems: readonly Problem[], limit: number): Problem[] {
  if (problems.length <= limit) return [...problems];
  const seenLines = new Map<string, number>();
  const linesOfFile = new Map<string, number>();
  const ranked = problems.map((problem) => {
    const place = `${problem.file}:${problem.line}`;
    const repeat = seenLines.get(place) ?? 0;
    seenLines.set(place, repeat + 1);
    const turn = linesOfFile.get(problem.file) ?? 0;
    if (repeat === 0) linesOfFile.set(problem.file, turn + 1);
    return { problem, repeat, turn };
  });
  ranked.sort((left, right) => left.repeat - right.repeat || left.turn - right.turn);
  return ranked
    .slice(0, limit)
    .map(({ problem }) => problem)
    .sort(byPlace);
}

function byPlace(left: Problem, right: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}

/** Keys and values of a manifest reach the log, where a line of their own could be a command to the runner. */
function onOneLine(problem: Problem): Problem {
  const { path, message, hint } = problem;
  return { ...problem, path: oneLine(path), message: oneLine(message), hint: oneLine(hint) };
}

/** Text without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** What is wrong and what to do about it, as an annotation shows it beside the line. */
export function adviceOf({ path, message, hint }: Pick<Problem, "path" | "message" | "hint">): string {
  return `${path === "" ? "" : `${path}: `}${message}${hint === "" ? "" : `; ${hint}`}`;
}

/** A problem in one line, as compilers print them. */
export function sentenceOf(problem: Problem): string {
  const environment = problem.environment === "" ? "" : ` (${problem.environment})`;
  return `${oneLine(problem.file)}:${problem.line}:${problem.column}: ${adviceOf(problem)}${environment} [${problem.code}]`;
}
