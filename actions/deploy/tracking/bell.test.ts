import assert from "node:assert/strict";
import { test } from "node:test";
import { stopClock } from "../../../test/clock.ts";
import { createBell } from "./bell.ts";

/** Longer than what is waited for may take: who is not woken is stopped, which throws. */
const patience = () => AbortSignal.timeout(5_000);
const long = 60_000;

test("a ring wakes who waits, and one while nobody waits is kept for the next", async () => {
  const bell = createBell();
  const woken = bell.wait(long, patience());
  bell.ring();
  await woken;
  bell.ring();
  await bell.wait(long, patience());
});

test("a ring counts once", async (context) => {
  const clock = stopClock(context);
  const bell = createBell();
  bell.ring();
  await bell.wait(long, patience());
  // The pause between two looks is over then.
  clock.pass(1_000);
  const stop = new AbortController();
  const second = bell.wait(long, stop.signal);
  stop.abort(new Error("nobody rang"));
  await assert.rejects(second, /nobody rang/);
});

test("who waits sleeps no longer than it asks for, and not at all once it is stopped", async () => {
  const bell = createBell();
  await bell.wait(1, patience());
  await assert.rejects(bell.wait(long, AbortSignal.abort(new Error("stopped"))), /stopped/);
});
