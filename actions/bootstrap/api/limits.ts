/** What a call is for: a dispatch, a look at what is there, a look at a run, or what is done aside of the dispatches. */
export type CallKind = "write" | "read" | "poll" | "aside";

/**
 * GitHub's limits for one user or one installation of an App
 * (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "About secondary rate limits", and
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api, "Pause between mutative requests").
 */
export const githubLimits = {
  /** Points of a minute: a call that reads costs one, a call that writes five. */
  pointsPerMinute: 900,
  /** Milliseconds between two calls that write. */
  betweenWrites: 1_000,
  /** GitHub does not say of each call whether it makes content; here every dispatch counts as such. */
  writesPerMinute: 80,
  writesPerHour: 500,
  concurrent: 100,
} as const;

/** What each call costs of the points. */
export const pointsOf: Readonly<Record<CallKind, number>> = { read: 1, poll: 1, write: 5, aside: 5 };

/** Milliseconds. */
export const minute = 60_000;
/** Milliseconds that a call may take on its way, so that two of them come closer together than they were sent. */
export const longestTravel = 5_000;
/** Milliseconds after which no call of a process that ended counts against the points of a minute any more. */
export const untilForgotten = minute + longestTravel;

/** Points that are never used, since other programs may use the same token. */
export const spare = 10;
/** A dispatch and the list of runs before it. */
export const pointsOfDispatch = pointsOf.write + pointsOf.read;
/** Dispatches of a minute, by the pause between them. */
export const dispatchesPerMinute = minute / githubLimits.betweenWrites;
