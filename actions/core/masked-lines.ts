import { StringDecoder } from "node:string_decoder";
import type { Masker } from "./masking.ts";

/** Text that comes in pieces and is given on without secrets, wherever the pieces end. */
export interface MaskedLines {
  push(piece: Buffer): void;
  /** Gives on what is left. */
  end(): void;
}

/** Characters of a line that are waited for at most; what is longer is given on in parts. */
const longestLine = 64 * 1024;

/**
 * Gives lines on as soon as they are whole, and no secret of several lines may have begun in them.
 *
 * @param give gets at least one line, none with a secret in it.
 */
export function maskedLines(
  masker: Pick<Masker, "redact" | "cut">,
  give: (lines: readonly string[]) => void,
): MaskedLines {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const giveUpTo = (end: number) => {
    if (end === 0) return;
    const text = masker.redact(rest.slice(0, end));
    rest = rest.slice(end);
    give((text.endsWith("\n") ? text.slice(0, -1) : text).split("\n"));
  };
  return {
    push(piece) {
      rest += decoder.write(piece);
      giveUpTo(wholeLines(masker, rest));
      if (rest.length > longestLine) giveUpTo(masker.cut(rest, rest.length));
    },
    end() {
      rest += decoder.end();
      giveUpTo(rest.length);
    },
  };
}

/** The end of the last line of a text after which it can be cut. */
function wholeLines(masker: Pick<Masker, "cut">, text: string): number {
  let end = lineEnd(text, text.length);
  for (let cut = masker.cut(text, end); cut < end; cut = masker.cut(text, end)) end = lineEnd(text, cut);
  return end;
}

/** The end of the last line that ends by a place. */
function lineEnd(text: string, place: number): number {
  return place === 0 ? 0 : text.lastIndexOf("\n", place - 1) + 1;
}
