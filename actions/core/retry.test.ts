import assert from "node:assert/strict";
import { test } from "node:test";
import { poll, type RetryPolicy, retry } from "./retry.ts";

const never = new AbortController().signal;
const policy: RetryPolicy = { attempts: 4, delay: 1, longest: 2, signal: never };

/** Fails with "1", "2", … as often as told, then gives the number of its call. */
function failing(times: number) {
  let calls = 0;
  return async () => {
    calls++;
    if (calls <= times) throw new Error(String(calls));
    return calls;
  };
}

test("tries again until it succeeds", async () => {
  assert.equal(await retry(policy, failing(3)), 4);
});

test("throws what the last try threw when the tries are used up", async () => {
  await assert.rejects(retry(policy, failing(9)), { message: "4" });
});

test("what cannot heal is not tried again", async () => {
  await assert.rejects(retry({ ...policy, retryable: () => false }, failing(9)), { message: "1" });
});

test("waits double up to the longest, each drawn from the upper half, or are as long as asked", async () => {
  const waits: number[] = [];
  const onRetry = (_: unknown, milliseconds: number) => waits.push(milliseconds);
  await retry({ ...policy, attempts: 6, delay: 2, longest: 8, onRetry }, failing(5));
  for (const [index, longest] of [2, 4, 8, 8, 8].entries()) {
    const wait = waits[index] ?? 0;
    assert.ok(wait >= longest / 2 && wait <= longest, `${wait} of ${longest}`);
  }
  waits.length = 0;
  await retry({ ...policy, retryAfter: () => 7, onRetry }, failing(2));
  assert.deepEqual(waits, [7, 7]);
});

test("a wait ends when the job is cancelled, with the reason of the signal", async () => {
  const cancel = new AbortController();
  const onRetry = () => cancel.abort(new Error("cancelled"));
  const slow = { ...policy, delay: 3_600_000, longest: 3_600_000, signal: cancel.signal, onRetry };
  await assert.rejects(retry(slow, failing(9)), { message: "cancelled" });
  await assert.rejects(retry({ ...policy, signal: cancel.signal }, failing(0)), { message: "cancelled" });
});

const polling = { interval: 1, timeout: 10_000, signal: never, onTimeout: (waiting: string) => new Error(waiting) };

test("a poll gives what it waited for", async () => {
  const look = failing(0);
  const found = await poll(polling, async () => ((await look()) < 3 ? { waiting: "not yet" } : { done: "here" }));
  assert.equal(found, "here");
});

test("a poll looks at least once, and tells what was missing when time is up", async () => {
  let looks = 0;
  const look = async () => ({ waiting: `look ${++looks}` });
  await assert.rejects(poll({ ...polling, timeout: 0 }, look), { message: "look 1" });
});

test("a poll ends when the job is cancelled", async () => {
  const cancel = new AbortController();
  const look = async () => {
    cancel.abort(new Error("cancelled"));
    return { waiting: "" };
  };
  await assert.rejects(poll({ ...polling, interval: 3_600_000, signal: cancel.signal }, look), {
    message: "cancelled",
  });
});
