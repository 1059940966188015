/** Random choices that depend on a seed alone. */
export interface Random {
  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True in that share of cases, 0 to 1. */
  chance(share: number): boolean;
  /** @throws when there is nothing to choose from. */
  pick<T>(choices: readonly T[]): T;
  /** Each of the choices with that chance, in their order. */
  some<T>(choices: readonly T[], share: number): T[];
}

/** Gives random choices (mulberry32: the same seed, the same choices). @param seed a whole number of 32 bits. */
export function randomFrom(seed: number): Random {
  let state = seed;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  const chance = (share: number) => below(1_000) < share * 1_000;
  return {
    below,
    chance,
    between: (low, high) => low + below(high - low + 1),
    pick: (choices) => {
      if (choices.length === 0) throw new Error("there is nothing to choose from");
      return choices[below(choices.length)] as (typeof choices)[number];
    },
    some: (choices, share) => choices.filter(() => chance(share)),
  };
}
