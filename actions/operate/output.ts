import type { Context } from "../core/context.ts";
import { maskedLines } from "../core/masked-lines.ts";

/** What a command prints: in the log line by line as it comes, its end kept for the summary. */
export interface Output {
  write(piece: Buffer): void;
  /** Ends it; gives its last lines, and says before them how many were more than could be kept. */
  end(): string;
}

/** Characters that are kept. */
const mostKept = 256 * 1024;

/** Begins to show what a command prints, without secrets. */
export function openOutput({ masker, runner }: Pick<Context, "masker" | "runner">): Output {
  const kept: string[] = [];
  let size = 0;
  let dropped = 0;
  const lines = maskedLines(masker, (fresh) => {
    runner.verbatim(fresh);
    kept.push(...fresh);
    size += lengthOf(fresh);
    if (size <= mostKept) return;
    const old = kept.splice(0, oldest(kept, size - mostKept));
    size -= lengthOf(old);
    dropped += old.length;
  });
  return {
    write: lines.push,
    end() {
      lines.end();
      return [...(dropped === 0 ? [] : [`… ${dropped} earlier lines are in the log`]), ...kept].join("\n");
    },
  };
}

/** How many of the first lines have so many characters together. */
function oldest(lines: readonly string[], characters: number): number {
  let [count, length] = [0, 0];
  while (length < characters) length += lengthOf([lines[count++] ?? ""]);
  return count;
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}
