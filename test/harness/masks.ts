/** What a job has asked to hide in its log. */
export interface Masks {
  add(value: string): void;
  hide(text: string): string;
  readonly values: readonly string[];
}

/** An empty set of masks. As in the runner, a value of several lines is hidden as a whole and line by line. */
export function createMasks(): Masks {
  const values = new Set<string>();
  return {
    add(value) {
      for (const part of [value, ...value.split(/\r?\n/)]) if (part !== "") values.add(part);
    },
    hide: (text) =>
      [...values]
        .sort((left, right) => right.length - left.length)
        .reduce((rest, mask) => rest.replaceAll(mask, "***"), text),
    get values() {
      return [...values];
    },
  };
}
