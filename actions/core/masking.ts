/** Keeps secrets out of what fairlead prints: it registers them with the runner and blanks them in captured text. */
export interface Masker {
  /** Registers a secret: as a whole, and each line of at least 4 characters. Call it before the value is used. */
  add(secret: string): void;
  /** Registers a document whose single lines are no secrets: as a whole only. */
  addDocument(document: string): void;
  /** Text with every registered secret replaced by `***`. */
  redact(text: string): string;
  /**
   * The last place up to a given one where a text can be cut so that no secret lies across it, not even one of which the end
   * of the text is only the begin.
   */
  cut(text: string, place: number): number;
}

// A value of one to three characters is a secret too, but masking it would blank half of the log.
const shortest = 4;

/** @param register prints the runner's `::add-mask::` command for one value of one line. */
export function createMasker(register: (value: string) => void): Masker {
  const known = new Set<string>();
  // Sorted when it is needed: ten thousand secrets are added one by one.
  let longestFirst: string[] | undefined;
  const remember = (parts: readonly string[]) => {
    const fresh = new Set(parts.filter((part) => part.length >= shortest && !known.has(part)));
    for (const part of fresh) {
      known.add(part);
      // The runner splits what it masks into lines (actions/runner, AddMaskCommandExtension) and would mask a line
      // of a single brace too, so text of several lines is blanked as a whole in our own output only.
      if (!/[\r\n]/.test(part)) register(part);
    }
    if (fresh.size > 0) longestFirst = undefined;
  };
  return {
    add: (secret) => remember([secret, secret.trim(), ...linesOf(secret)]),
    addDocument: (document) => remember([document, document.trim()]),
    redact(text) {
      longestFirst ??= [...known].sort((left, right) => right.length - left.length);
      return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
    },
    cut(text, place) {
      for (let cut = place; ; ) {
        const before = cut;
        for (const secret of known) cut = beginOf(secret, text, cut);
        if (cut === before) return cut;
      }
    },
  };
}

/** Where a secret begins that lies across a place of a text, or would if the text went on so; the place itself for none. */
function beginOf(secret: string, text: string, place: number): number {
  const last = text[place - 1];
  if (last === undefined || !secret.includes(last)) return place;
  const first = Math.max(0, place - secret.length + 1);
  const whole = text.indexOf(secret, first);
  const end = whole >= 0 && whole < place ? whole : place;
  for (let start = Math.max(first, text.length - secret.length + 1); start < end; start++)
    if (secret.startsWith(text.slice(start))) return start;
  return end;
}

function linesOf(text: string): string[] {
  // The runner, too, takes a carriage return alone for the end of a line.
  return text.split(/\r\n|\r|\n/).map((line) => line.trim());
}
