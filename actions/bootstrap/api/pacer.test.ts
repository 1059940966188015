import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulatedClock } from "../../../test/fakes/github/simulation.ts";
import { type CallKind, githubLimits } from "./limits.ts";
import { lookInterval } from "./looks.ts";
import { createPacer, untilReset } from "./pacer.ts";

const never = new AbortController().signal;

/** Times, in milliseconds after the start, at which so many calls may start that take a moment each. */
async function startsOf(
  count: number,
  kind: CallKind,
  prepare: (pacer: ReturnType<typeof createPacer>) => void = () => {},
) {
  const clock = simulatedClock();
  const pacer = createPacer(clock);
  prepare(pacer);
  const start = clock.now();
  const call = async () => {
    const over = await pacer.turn(kind, never);
    const at = clock.now() - start;
    await clock.sleep(10, never);
    over();
    return at;
  };
  return await clock.run(Promise.all(Array.from({ length: count }, call)));
}

describe("turns", () => {
  it("of dispatches come a second apart, and no more than an hour allows", async () => {
    const starts = await startsOf(githubLimits.writesPerHour + 1, "write");
    assert.deepEqual(starts.slice(0, 3), [0, 1_000, 2_000]);
    const last = starts.at(-1) ?? 0;
    assert.ok(last >= 3_600_000 && last < 3_610_000, String(last));
  });

  it("of looks never use up the points of a minute", async () => {
    const starts = await startsOf(2_000, "poll", (pacer) => pacer.expect(30));
    const busiest = Math.max(
      ...starts.map((at) => starts.filter((other) => other > at - 60_000 && other <= at).length),
    );
    // Thirty dispatches to come, of six points each, find their room.
    assert.ok(busiest <= githubLimits.pointsPerMinute - 30 * 6, String(busiest));
    assert.ok(busiest > githubLimits.pointsPerMinute - 30 * 6 - 60, String(busiest));
  });

  it("wait for a pause that GitHub asked for, and end with the signal", async () => {
    const [first] = await startsOf(1, "read", (pacer) => pacer.pause(5_000));
    assert.equal(first, 5_000);
    const clock = simulatedClock();
    const pacer = createPacer(clock);
    pacer.pause(60_000);
    const controller = new AbortController();
    const turn = pacer.turn("read", controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(clock.run(turn), /enough/);
  });
});

describe("the time between two looks at a run", () => {
  const quiet = { watched: 1, toCome: 0, paidShare: 0, remaining: 5_000, untilReset: 3_600_000 };

  it("is two seconds for one run, and as long as the points of a minute need for many", () => {
    assert.equal(lookInterval(quiet), 2_000);
    const many = lookInterval({ ...quiet, watched: 100 });
    assert.ok(many > 6_000 && many < 8_000, String(many));
    assert.ok(lookInterval({ ...quiet, watched: 100, toCome: 5 }) > many);
  });

  it("grows where looks that show nothing new cost something, so that the hour lasts", () => {
    const paid = { ...quiet, watched: 10, paidShare: 1 };
    assert.equal(lookInterval(paid), (10 * 3_600_000) / 4_500);
    assert.equal(lookInterval({ ...paid, remaining: 0 }), 60_000);
  });
});

it("the hour ends when the server's clock says so, whatever the time is here", () => {
  const headers = new Headers({
    date: "Thu, 01 Jan 2026 00:00:00 GMT",
    "x-ratelimit-reset": String(Date.UTC(2026, 0, 1, 0, 5) / 1_000),
  });
  assert.equal(untilReset(headers, simulatedClock(0)), 300_000);
  assert.equal(untilReset(new Headers(), simulatedClock(0)), undefined);
});
