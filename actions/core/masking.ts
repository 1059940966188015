/** Keeps secrets out of what fairlead prints: it registers them with the runner and blanks them in captured text. */
export interface Masker {
  /** Registers a secret: as a whole, and each line of at least 4 characters. Call it before the value is used. */
  add(secret: string): void;
  /**
   * Registers a document whose single lines are no secrets. The runner splits what it masks into lines
   * (actions/runner, AddMaskCommandExtension), so a document of several lines is only blanked in our own text.
   */
  addDocument(document: string): void;
  /** Text with every registered secret replaced by `***`. */
  redact(text: string): string;
}

// A value of one to three characters is a secret too, but masking it would blank half of the log.
const shortest = 4;

/** @param register prints the runner's `::add-mask::` command for one value. */
export function createMasker(register: (value: string) => void): Masker {
  const known = new Set<string>();
  let longestFirst: string[] = [];
  const remember = (parts: readonly string[], tell: (part: string) => void) => {
    const fresh = parts.filter((part) => part.length >= shortest && !known.has(part));
    for (const part of new Set(fresh)) {
      known.add(part);
      tell(part);
    }
    if (fresh.length > 0) longestFirst = [...known].sort((left, right) => right.length - left.length);
  };
  return {
    add: (secret) => remember([secret, secret.trim(), ...linesOf(secret)], register),
    addDocument: (document) => remember([document, document.trim()], document.includes("\n") ? () => {} : register),
    redact: (text) => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), text),
  };
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).map((line) => line.trim());
}
