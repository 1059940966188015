import type { Clock } from "./clock.ts";
import {
  type CallKind,
  dispatchesPerMinute,
  githubLimits,
  longestTravel,
  minute,
  pointsOf,
  pointsOfDispatch,
  spare,
} from "./limits.ts";

/** What is known of the calls that are to come. */
export interface Ahead {
  readonly dispatches: number;
  /** Runs that are watched. */
  readonly watched: number;
}

/** What calls have used of the points of a minute, and of the writes of a minute and an hour. */
export interface Spending {
  /** When a call of a kind may start, as far as is known now, by the clock. */
  earliest(kind: CallKind, ahead: Ahead): number;
  begin(kind: CallKind): void;
  end(kind: CallKind): void;
}

/** Starts as if nothing had been used. */
export function createSpending(clock: Clock): Spending {
  // A call counts from its start until a minute after its end, since GitHub counted it somewhere in between.
  const ended: { readonly at: number; readonly points: number }[] = [];
  const writes: number[] = [];
  let points = 0;
  const forget = (now: number) => {
    while (ended[0] !== undefined && ended[0].at <= now - minute) points -= ended.shift()?.points ?? 0;
    while (writes[0] !== undefined && writes[0] <= now - 60 * minute) writes.shift();
  };
  return {
    earliest(kind, ahead) {
      const now = clock.now();
      forget(now);
      const latest = writes.filter((at) => at > now - minute).length;
      const excess = points + pointsOf[kind] + pointsToLeave(kind, ahead, latest) - githubLimits.pointsPerMinute;
      return Math.max(now, whenFree(excess, ended, now), kind === "write" ? afterWrites(writes) : now);
    },
    begin(kind) {
      points += pointsOf[kind];
      if (kind === "write") writes.push(clock.now());
    },
    end(kind) {
      ended.push({ at: clock.now(), points: pointsOf[kind] });
    },
  };
}

/** Points of a minute that a kind leaves to others: dispatches never wait because something was looked at. */
function pointsToLeave(kind: CallKind, { dispatches, watched }: Ahead, latestWrites: number): number {
  if (kind === "write" || kind === "aside") return spare;
  const room = pointsOfDispatch * Math.max(0, Math.min(dispatches, dispatchesPerMinute - latestWrites));
  if (kind === "poll") return 2 * spare + room;
  // Before it is known how many dispatches come, a minute's worth.
  return spare + (dispatches === 0 && watched === 0 ? pointsOfDispatch * dispatchesPerMinute : 0);
}

/** When so many points have come back, as calls that ended are forgotten, the oldest first. */
function whenFree(excess: number, ended: readonly { readonly at: number; readonly points: number }[], now: number) {
  let left = excess;
  let free = now;
  for (const call of ended) {
    if (left <= 0) return free;
    left -= call.points;
    free = call.at + minute;
  }
  // The rest is under way; its end is not known.
  return left > 0 ? Math.max(free, now + githubLimits.betweenWrites) : free;
}

/** When the writes so far let another one start. */
function afterWrites(writes: readonly number[]): number {
  const after = (count: number, time: number) => (writes.at(-count) ?? Number.NEGATIVE_INFINITY) + time;
  return Math.max(
    after(1, githubLimits.betweenWrites),
    after(githubLimits.writesPerMinute, minute + longestTravel),
    after(githubLimits.writesPerHour, 60 * minute + longestTravel),
  );
}
