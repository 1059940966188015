import { setTimeout as wait } from "node:timers/promises";

/** When and how often something is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  /** Milliseconds before the second try; doubled for each further one, up to `longest`. */
  readonly delay: number;
  readonly longest: number;
  readonly signal: AbortSignal;
  /** Whether this failure may heal; by default each one. */
  readonly retryable?: (thrown: unknown) => boolean;
  /** Milliseconds that the other side asked us to wait (`Retry-After`). */
  readonly retryAfter?: (thrown: unknown) => number | undefined;
  readonly onRetry?: (thrown: unknown, milliseconds: number) => void;
}

/**
 * Calls `action` until it succeeds, the tries are used up, or the signal is aborted; throws what the last try threw.
 * Waits are drawn at random from the upper half of the back-off, so that runs that failed together do not return together.
 */
export async function retry<T>(policy: RetryPolicy, action: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    policy.signal.throwIfAborted();
    try {
      return await action(attempt);
    } catch (thrown) {
      policy.signal.throwIfAborted();
      const again = attempt < policy.attempts && (policy.retryable?.(thrown) ?? true);
      if (!again) throw thrown;
      const backOff = Math.min(policy.longest, policy.delay * 2 ** (attempt - 1));
      const milliseconds = policy.retryAfter?.(thrown) ?? backOff * (0.5 + Math.random() / 2);
      policy.onRetry?.(thrown, milliseconds);
      await wait(milliseconds, undefined, { signal: policy.signal }).catch(() => policy.signal.throwIfAborted());
    }
  }
}

/** What a poll sees: the value it waited for, or one line that says what is still missing. */
export type Sighting<T> = { readonly done: T } | { readonly waiting: string };

/**
 * Looks again every `interval` milliseconds until something is there.
 *
 * @throws what `onTimeout` makes of the last thing that was missing when `timeout` milliseconds have passed.
 */
export async function poll<T>(
  options: { interval: number; timeout: number; signal: AbortSignal; onTimeout: (waiting: string) => Error },
  look: () => Promise<Sighting<T>>,
): Promise<T> {
  const end = performance.now() + options.timeout;
  for (;;) {
    options.signal.throwIfAborted();
    const sighting = await look();
    if ("done" in sighting) return sighting.done;
    if (performance.now() >= end) throw options.onTimeout(sighting.waiting);
    await wait(options.interval, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
  }
}
