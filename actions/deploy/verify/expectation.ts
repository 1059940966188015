import type { Finding } from "./check.ts";

/** What an answer must be: its status or exit code, and what its text must hold. */
export interface Expectation {
  readonly status?: number;
  readonly text?: string;
  /** A regular expression. */
  readonly pattern?: string;
}

/** What came back: an HTTP status or an exit code, and a text. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** How much of an answer is shown. */
const shown = 200;

/**
 * Compares an answer with what is expected of it.
 *
 * @param usual whether a status is good when none is asked for.
 * @param word what a status is called: `status` or `exit code`.
 */
export function compare(
  answer: Answer,
  { status, text, pattern }: Expectation,
  usual: (status: number) => boolean,
  word: string,
): Finding {
  const good = status === undefined ? usual(answer.status) : answer.status === status;
  if (!good) {
    const wanted = status === undefined ? "" : ` in place of ${status}`;
    return { state: "wrong", said: `${word} ${answer.status}${wanted}${excerpt(answer.text)}` };
  }
  if (text !== undefined && !holds(answer.text, text)) {
    return { state: "wrong", said: `the answer does not hold what is expected${excerpt(answer.text)}` };
  }
  if (pattern !== undefined && !new RegExp(pattern, "m").test(answer.text)) {
    return { state: "wrong", said: `the answer does not match ${pattern}${excerpt(answer.text)}` };
  }
  return { state: "passed" };
}

/** An expected text of one line must be a whole line or part of one; line ends at its edges do not count. */
function holds(answer: string, text: string): boolean {
  return answer.includes(text.trim());
}

function excerpt(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  if (line === "") return "";
  return `: ${line.length > shown ? `${line.slice(0, shown)}…` : line}`;
}
