/** The limits of one user or installation, as GitHub's documentation of the REST API states them. */
export interface Limits {
  /** Takes in a call; gives why it is refused, if it is. */
  take(call: { readonly write: boolean; readonly now: number }): Refusal | undefined;
  /** A call that was answered with 304 costs nothing of the hour. */
  refund(): void;
  headers(): Readonly<Record<string, string>>;
}

/** Why, and for how many seconds. */
export interface Refusal {
  readonly kind: "primary" | "secondary";
  readonly retryAfter: number;
}

/** All that was counted, for a test to look at. */
export interface Usage {
  /** Refusals for a limit. */
  readonly refused: { readonly login: string; readonly kind: string; readonly at: number }[];
  /** Points of the busiest minute. */
  mostPoints: number;
  /** Calls that write in the busiest minute and hour. */
  mostWritesOfMinute: number;
  mostWritesOfHour: number;
  /** Calls of the hour that cost something, of the busiest user. */
  mostOfHour: number;
}

const minute = 60_000;
const hour = 60 * minute;
const points = { perMinute: 900, read: 1, write: 5 };
const writes = { perMinute: 80, perHour: 500 };

/** Makes the limits of one user, which begin to count with the first call. */
export function createLimits(login: string, hourly: number, usage: Usage): Limits {
  const spent: { readonly at: number; readonly points: number }[] = [];
  const written: number[] = [];
  let total = 0;
  let used = 0;
  let resetAt = 0;
  const secondary = (now: number): Refusal | undefined => {
    const ofMinute = written.filter((at) => at > now - minute).length;
    usage.mostPoints = Math.max(usage.mostPoints, total);
    usage.mostWritesOfMinute = Math.max(usage.mostWritesOfMinute, ofMinute);
    usage.mostWritesOfHour = Math.max(usage.mostWritesOfHour, written.length);
    const over = total > points.perMinute || ofMinute > writes.perMinute || written.length > writes.perHour;
    return over ? { kind: "secondary", retryAfter: 60 } : undefined;
  };
  return {
    take({ write, now }) {
      if (now >= resetAt) {
        resetAt = now + hour;
        used = 0;
      }
      const cost = write ? points.write : points.read;
      total += cost;
      spent.push({ at: now, points: cost });
      if (write) written.push(now);
      while (spent[0] !== undefined && spent[0].at <= now - minute) total -= spent.shift()?.points ?? 0;
      while (written[0] !== undefined && written[0] <= now - hour) written.shift();
      used++;
      usage.mostOfHour = Math.max(usage.mostOfHour, Math.min(used, hourly));
      const refusal: Refusal | undefined =
        used > hourly ? { kind: "primary", retryAfter: Math.ceil((resetAt - now) / 1_000) } : secondary(now);
      if (refusal !== undefined) usage.refused.push({ login, kind: refusal.kind, at: now });
      return refusal;
    },
    refund() {
      used--;
    },
    headers: () => ({
      "x-ratelimit-limit": String(hourly),
      "x-ratelimit-remaining": String(Math.max(0, hourly - used)),
      "x-ratelimit-used": String(used),
      "x-ratelimit-reset": String(Math.ceil(resetAt / 1_000)),
      "x-ratelimit-resource": "core",
    }),
  };
}
