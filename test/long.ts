import { randomInt } from "node:crypto";

/** Set by `./scripts/test --long`: tests that draw lots draw many more of them. */
export const longVariable = "FAIRLEAD_LONG";

/** The seed of tests that draw lots; set it to repeat a run. */
export const seedVariable = "FAIRLEAD_SEED";

/** Gives how often to try something: in the short run, which every change goes through, or in the long one. */
export function howMany(short: number, long: number): number {
  return process.env[longVariable] ? long : short;
}

/**
 * Gives the seed: the one that is asked for, a new one in the long run, else always the same, so that a change alone can
 * turn a test red.
 */
export function chooseSeed(): number {
  const asked = process.env[seedVariable];
  if (asked !== undefined) return Number(asked);
  return process.env[longVariable] ? randomInt(2 ** 31) : 20_260_101;
}
