import { dispatchesPerMinute, githubLimits, minute, pointsOfDispatch, spare } from "./limits.ts";

/** The shortest time between two looks at the same run, in milliseconds. */
const shortestLook = 2_000;
/** Calls of an hour that looks at runs leave to everything else. */
const reserveOfHour = 500;

/** What the time between two looks at a run depends on. */
export interface LookSituation {
  readonly watched: number;
  /** Dispatches that are to come. */
  readonly toCome: number;
  /** Of all looks that show nothing new, those that count against the limit of the hour: with a 304 they are free. */
  readonly paidShare: number;
  /** Calls of the hour that are left. */
  readonly remaining: number;
  /** Milliseconds until there are all of them again. */
  readonly untilReset: number;
}

/** Milliseconds between two looks at the same run, so that all that are watched stay within the limits. */
export function lookInterval({ watched, toCome, paidShare, remaining, untilReset: left }: LookSituation): number {
  const forLooks = githubLimits.pointsPerMinute - 6 * spare - (toCome > 0 ? pointsOfDispatch * dispatchesPerMinute : 0);
  const byMinute = (watched * minute) / forLooks;
  const byHour = (watched * paidShare * left) / Math.max(1, remaining - reserveOfHour);
  return Math.max(shortestLook, byMinute, Math.min(byHour, minute));
}
