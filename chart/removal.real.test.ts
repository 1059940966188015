import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { chooseSeed, howMany, seedVariable } from "../test/long.ts";
import { randomFrom } from "../test/manifests/random.ts";
import { chartFolder, helmTest, type Values } from "./helm.testing.ts";
import { allCases, behaviourOf } from "./liveness.testing.ts";
import { type Made, type ManyChart, openManyChart } from "./many.testing.ts";
import { printingLines, without } from "./removal.testing.ts";

// Every line of the templates that prints a value is needed by a test: without it a case of liveness.real.test.ts no longer
// changes anything, or a golden is another. In the short run lines by lot, in the long run all of them.

const goldens: readonly Values[] = [
  read("ci/small.yaml"),
  read("ci/components.yaml"),
  read("ci/forms.yaml"),
  read("ci/full.yaml"),
  { ...read("ci/full.yaml"), environment: "prod" },
];

const lines = printingLines(chartFolder);
const seed = chooseSeed();
const random = randomFrom(seed);
const chosen = lines
  .map((line) => ({ line, lot: random.below(2 ** 31) }))
  .sort((one, other) => one.lot - other.lot)
  .slice(0, howMany(6, lines.length))
  .map(({ line }) => line);

let opened: Promise<{ readonly chart: ManyChart; readonly whole: readonly Made[] }> | undefined;
after(async () => (await opened)?.chart[Symbol.dispose]());

/** The copy of the chart whose lines are taken out, and what it makes of the goldens' values before that. */
function open() {
  opened ??= openManyChart().then((chart) => ({ chart, whole: chart.render(goldens) }));
  return opened;
}

for (const line of chosen) {
  helmTest(`${line.file}:${line.number} is needed: ${line.text.trim()} (${seedVariable}=${seed})`, async () => {
    const { chart, whole } = await open();
    const reason = without(chart.folder, line, () => turnsRed(chart, whole));
    assert.notEqual(reason, undefined, "without this line every case and every golden stays as it is");
  });
}

/** What turns red with a chart as it is, or undefined. */
function turnsRed(chart: ManyChart, whole: readonly Made[]): string | undefined {
  try {
    if (!isDeepStrictEqual(chart.render(goldens), whole)) return "a golden";
    const cases = allCases();
    const made = chart.render(cases.flatMap(({ before, after }) => [before, after]));
    const dead = cases.find(({ key }, index) => {
      const [before, after] = made.slice(2 * index, 2 * index + 2) as [Made, Made];
      return isDeepStrictEqual(behaviourOf(before, key), behaviourOf(after, key));
    });
    return dead?.key.path;
  } catch (thrown) {
    // Helm finds no YAML in what is left.
    if (/error/i.test(String(thrown))) return "Helm";
    throw thrown;
  }
}

function read(path: string): Values {
  return parse(readFileSync(join(chartFolder, path), "utf8"));
}
