/** Keeps secrets out of what fairlead prints: it registers them with the runner and blanks them in captured text. */
export interface Masker {
  /** Registers a secret: as a whole, and each line of at least 4 characters. Call it before the value is used. */
  add(secret: string): void;
  /** Text with every registered secret replaced by `***`. */
  redact(text: string): string;
}

const shortest = 4;

/** @param register prints the runner's `::add-mask::` command for one value. */
export function createMasker(register: (value: string) => void): Masker {
  const known = new Set<string>();
  let longestFirst: string[] = [];
  return {
    add(secret) {
      const fresh = partsOf(secret).filter((part) => !known.has(part));
      for (const part of fresh) {
        known.add(part);
        register(part);
      }
      if (fresh.length > 0) longestFirst = [...known].sort((left, right) => right.length - left.length);
    },
    redact: (text) => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), text),
  };
}

function partsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  // A whole value of one to three characters is a secret too, but masking it would blank half of the log.
  return [secret, secret.trim(), ...lines].filter((part) => part.length >= shortest);
}
