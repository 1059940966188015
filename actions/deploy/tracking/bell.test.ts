import assert from "node:assert/strict";
import { test } from "node:test";
import { stopClock } from "../../../test/clock.ts";
import { createBell } from "./bell.ts";

const never = new AbortController().signal;
/** Longer than any test may take. */
const long = 60_000;

test("a ring wakes who waits, and one while nobody waits is kept for the next", async () => {
  const bell = createBell();
  const woken = bell.wait(long, never);
  bell.ring();
  await woken;
  bell.ring();
  await bell.wait(long, never);
});

test("a ring counts once", async (context) => {
  const clock = stopClock(context);
  const bell = createBell();
  bell.ring();
  await bell.wait(long, never);
  // The pause between two looks is over then.
  clock.pass(1_000);
  const stop = new AbortController();
  const second = bell.wait(long, stop.signal);
  stop.abort(new Error("nobody rang"));
  await assert.rejects(second, /nobody rang/);
});

test("who waits sleeps no longer than it asks for, and not at all once it is stopped", async () => {
  const bell = createBell();
  await bell.wait(1, never);
  await assert.rejects(bell.wait(long, AbortSignal.abort(new Error("stopped"))), /stopped/);
});
