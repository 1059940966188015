// Runs every check and every test, on real parts that it starts and stops itself.
// ./scripts/test [--only TEXT] [--keep] [--long]: only test files whose path holds TEXT, without the checks; leave the parts
// running; let tests that draw lots draw many more of them, from a seed that is new (FAIRLEAD_SEED repeats one).
import { parseArgs } from "node:util";
import { messageOf } from "../actions/core/errors.ts";
import { allParts, startCluster, stopCluster } from "../test/cluster/cluster.ts";
import { ensureHostPrograms } from "../test/cluster/host.ts";
import { allTools, ensureTools } from "../test/cluster/toolchain.ts";
import { readRequirements } from "../test/conformance/requirements.ts";
import { conclude as concludeRequirement, renderSums } from "../test/conformance/table.ts";
import { instanceVariable } from "../test/e2e/world.ts";
import { longVariable } from "../test/long.ts";
import { checks } from "./checks.ts";
import { claimTemporaryFolder } from "./leftovers.ts";
import { createStopwatch, renderTimes } from "./progress.ts";
import { type Counts, type Run, runSuite, testFiles, unitConcurrency } from "./suite.ts";

const instance = "test";
const { values } = parseArgs({
  options: { only: { type: "string" }, keep: { type: "boolean" }, long: { type: "boolean" } },
});
const stopwatch = createStopwatch();
const clear = await claimTemporaryFolder(instance);
const stop = async () => {
  await clear();
  await stopCluster({ instance });
};

process.once("SIGINT", () => void stop().finally(() => process.exit(130)));
process.once("SIGTERM", () => void stop().finally(() => process.exit(143)));

try {
  process.exit((await testAll()) ? 0 : 1);
} catch (thrown) {
  console.error(messageOf(thrown));
  process.exit(1);
}

async function testAll(): Promise<boolean> {
  await ensureHostPrograms(console.log);
  const tools = await stopwatch.step("tools", "programs that the cache does not hold", () =>
    ensureTools(allTools, console.log),
  );
  await stopwatch.step("build", "the bundles of the actions", () => import("./build.ts"));
  const failedChecks = values.only === undefined ? await runChecks(tools) : 0;
  const units = await stopwatch.step("units", "tests without real parts", () =>
    runSuite(testFiles("unit", values.only), unitConcurrency),
  );
  // Test processes find the parts and programs by these.
  Object.assign(process.env, { [instanceVariable]: instance, FAIRLEAD_HELM: tools.helm, FAIRLEAD_HELM3: tools.helm3 });
  if (values.long) process.env[longVariable] = "1";
  const real = await testReal();
  const unmet = values.only === undefined ? tellRequirements([...units.results, ...real.results]) : 0;
  return conclude(failedChecks + unmet, [units, real]);
}

/** Says how many requirements the tests show, and names each test that a requirement names and that did not run. */
function tellRequirements(results: Run["results"]): number {
  const rows = [...readRequirements().values()].flat().map((requirement) => concludeRequirement(requirement, results));
  console.log(`\n${renderSums(rows)}`);
  const absent = rows.flatMap(({ requirement: { id }, notRun }) =>
    notRun.map(({ file, words }) => `${id} names a test that did not run: ${words} (${file})`),
  );
  for (const line of absent) console.error(line);
  return absent.length;
}

async function runChecks(tools: Parameters<typeof checks>[0]): Promise<number> {
  let failed = 0;
  for (const { name, run } of checks(tools)) {
    await stopwatch.step(name, "its verdict", run).catch((thrown) => {
      console.error((thrown as { details?: string }).details ?? messageOf(thrown));
      failed++;
    });
  }
  return failed;
}

async function testReal(): Promise<Run> {
  const files = testFiles("real", values.only);
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0, results: [] };
  try {
    await stopwatch.step("parts", "Kubernetes, registry, BuildKit, tailnet and Infisical's stand-in", () =>
      startCluster(allParts, { instance, progress: console.log }),
    );
    return await stopwatch.step("real parts", "tests on them, one file at a time", () => runSuite(files, 1));
  } finally {
    if (!values.keep) await stopwatch.step("stop", "everything that was started", stop);
  }
}

function conclude(failedChecks: number, counts: readonly Counts[]): boolean {
  const sum = (key: keyof Counts) => counts.reduce((total, count) => total + count[key], 0);
  const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
  console.log(`\nTimes:\n${renderTimes(stopwatch.times)}\n`);
  if (failedChecks > 0) console.log(`${failedChecks} checks did not pass.`);
  if (skipped > 0)
    console.log(`${skipped} tests were skipped${process.env["CI"] ? ", which CI takes for a failure" : ""}.`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed + failedChecks === 0 && passed > 0 && (skipped === 0 || !process.env["CI"]);
}
