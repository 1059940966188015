// Whole bootstraps of many repositories, on a simulated GitHub with its limits, its errors and its delays, and on a clock of
// its own: hours pass in seconds. ./scripts/test --long takes a thousand repositories, and ends fifty bootstraps half way.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { githubLimits } from "../../actions/bootstrap/api/limits.ts";
import type { Outcome } from "../../actions/bootstrap/target.ts";
import { recordingContext } from "../context.ts";
import { chooseSeed, howMany } from "../long.ts";
import { randomFrom } from "../manifests/random.ts";
import { createFleet, expectedRefs, type Fleet, type FleetOptions } from "./fleet.ts";

const seed = chooseSeed();
// Most of the calls look at runs, so shorter ones are looked at less often.
const size = { repositories: howMany(120, 1_000), owners: 12, takes: howMany(30_000, 120_000) };

function fleetFor(salt: number, changes: Partial<FleetOptions> = {}): Fleet {
  const random = randomFrom(seed + salt);
  return createFleet({ ...size, random: () => random.below(1_000_000) / 1_000_000, ...changes });
}

/** Every ref has one outcome, which is what became of its one run. */
function assertAccounted(fleet: Fleet, outcomes: readonly Outcome[] | "killed"): void {
  assert.ok(outcomes !== "killed");
  const refs = outcomes.map(({ repository, ref }) => `${repository}@${ref}`).sort();
  assert.deepEqual(refs, expectedRefs(fleet));
  const runs = fleet.github.runs.map(({ repository, ref }) => `${repository.name}@${ref}`).sort();
  assert.deepEqual(runs, refs, "each was dispatched once");
  const byAddress = new Map(fleet.github.runs.map((run) => [run.id, run]));
  for (const { run = "", status, conclusion } of outcomes) {
    const there = byAddress.get(Number(run.split("/").at(-1)));
    assert.equal(conclusion, there?.conclusion);
    assert.equal(status, there?.conclusion === "success" ? "succeeded" : "failed");
  }
  assert.deepEqual(fleet.violations, []);
}

function assertWithinLimits({ github: { usage } }: Fleet): void {
  assert.deepEqual(usage.refused, []);
  assert.ok(usage.mostPoints <= githubLimits.pointsPerMinute, String(usage.mostPoints));
  assert.ok(usage.mostWritesOfMinute <= githubLimits.writesPerMinute, String(usage.mostWritesOfMinute));
  assert.ok(usage.mostWritesOfHour <= githubLimits.writesPerHour, String(usage.mostWritesOfHour));
}

describe("a fleet of repositories", () => {
  it("is deployed whole: none twice, none lost, every failure told, no limit exceeded", async (test: TestContext) => {
    const fleet = fleetFor(0);
    const outcomes = await fleet.bootstrap(await recordingContext(test));
    assertAccounted(fleet, outcomes);
    assertWithinLimits(fleet);
    test.diagnostic(`${size.repositories} repositories, seed ${seed}: ${fleet.calls()} calls`);
  });

  it("is deployed whole where one user owns more than an hour allows", async (test: TestContext) => {
    const fleet = fleetFor(1, { repositories: 90, owners: 1, hourlyLimit: 300 });
    assertAccounted(fleet, await fleet.bootstrap(await recordingContext(test)));
    assertWithinLimits(fleet);
    assert.ok(fleet.github.usage.mostOfHour <= 300);
  });

  it("is finished by a second bootstrap when the first was killed at any call", async (test: TestContext) => {
    const random = randomFrom(seed);
    const kills = howMany(5, 50);
    const small = { repositories: howMany(36, 1_000) };
    const whole = fleetFor(2, small);
    await whole.bootstrap(await recordingContext(test));
    for (let index = 0; index < kills; index++) {
      const fleet = fleetFor(2, small);
      const since = new Date(fleet.clock.now()).toISOString();
      const endAt = random.between(1, Math.floor(whole.calls() * 0.9));
      const first = await fleet.bootstrap(await recordingContext(test), {}, endAt);
      assert.equal(first, "killed");
      const second = await fleet.bootstrap(await recordingContext(test), { since });
      assert.doesNotThrow(
        () => assertAccounted(fleet, second),
        `killed at call ${endAt} of ${whole.calls()}, seed ${seed}`,
      );
      assertWithinLimits(fleet);
    }
    test.diagnostic(`${kills} bootstraps were killed, seed ${seed}`);
  });

  it("exceeds no limit when it is started again at once after a busy minute", async (test: TestContext) => {
    const fleet = fleetFor(3, { repositories: 250, owners: 1, errors: 0 });
    const since = new Date(fleet.clock.now()).toISOString();
    assert.equal(await fleet.bootstrap(await recordingContext(test), {}, 500), "killed");
    assertAccounted(fleet, await fleet.bootstrap(await recordingContext(test), { since }));
    assertWithinLimits(fleet);
  });
});
