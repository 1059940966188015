/** Keeps secrets out of what fairlead prints: it registers them with the runner and blanks them in captured text. */
export interface Masker {
  /** Registers a secret: as a whole, and each line of at least 4 characters. Call it before the value is used. */
  add(secret: string): void;
  /** Registers a document whose single lines are no secrets: as a whole only. */
  addDocument(document: string): void;
  /** Text with every registered secret replaced by `***`. */
  redact(text: string): string;
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
  };
}

function linesOf(text: string): string[] {
  // The runner, too, takes a carriage return alone for the end of a line.
  return text.split(/\r\n|\r|\n/).map((line) => line.trim());
}
