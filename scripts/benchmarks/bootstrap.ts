import { rm } from "node:fs/promises";
import { githubLimits, pointsOf } from "../../actions/bootstrap/api/limits.ts";
import { createFleet, type Fleet, fastestPossible, lateness } from "../../test/bootstrap/fleet.ts";
import { recordingContext } from "../../test/context.ts";
import { randomFrom } from "../../test/manifests/random.ts";
import type { Subject } from "./subject.ts";

/** What is simulated: as many repositories of as many owners, calls that fail, runs that fail. */
const size = { repositories: 1_000, owners: 12, errors: 0.02, failing: 0.05 };
/** Repository, manifest, workflow and its file before, the list of runs at the dispatch; a sixth for tags and token. */
const readsPerDispatch = 6;
const seeds = [1, 2, 3];

/** A bootstrap of a thousand repositories against the fastest that GitHub's limits allow, in simulated time. */
export const bootstrap: Subject = async function* () {
  const times: number[] = [];
  const fastest: number[] = [];
  const late: number[] = [];
  for (const seed of seeds) {
    const { fleet, milliseconds } = await bootstrapFleet(seed, size);
    times.push(milliseconds);
    fastest.push(fastestPossible(fleet, readsPerDispatch));
    // A look whose answer is lost is none.
    const quiet = await bootstrapFleet(seed, { ...size, errors: 0 });
    late.push(Math.max(0, ...lateness(quiet.fleet)));
  }
  const { betweenWrites, pointsPerMinute } = githubLimits;
  const formula =
    `the latest of all runs: max(n × ${betweenWrites} ms, (${pointsOf.write} (n + 1) + ${readsPerDispatch} N) / ${pointsPerMinute} min - 1 min) + its own time, ` +
    "for the n-th dispatch of N of a user (docs.github.com/en/rest/using-the-rest-api: rate limits, best practices)";
  const what = (errors: number) =>
    `bootstrap of ${size.repositories} repositories, ${size.owners} owners, ${100 * errors} % errors, ${100 * size.failing} % failing runs`;
  yield {
    name: "bootstrap, simulated",
    measured: { command: what(size.errors), values: times },
    against: { command: formula, values: fastest },
    ratioAtMost: 1.1,
  };
  yield {
    name: "the end of a run, noticed after the next allowed look, latest of all",
    measured: { command: what(0), values: late },
    atMost: 1_000,
  };
};

async function bootstrapFleet(seed: number, options: typeof size): Promise<{ fleet: Fleet; milliseconds: number }> {
  const random = randomFrom(seed);
  const fleet = createFleet({ ...options, random: () => random.below(1_000_000) / 1_000_000 });
  const step = await recordingContext({ after: () => {} });
  const start = fleet.clock.now();
  await fleet.bootstrap(step);
  const milliseconds = fleet.clock.now() - start;
  await rm(step.context.folder, { recursive: true, force: true });
  return { fleet, milliseconds };
}
