// Broken manifests: whatever is wrong with one, it ends in clear errors at places of the file, or in a valid render.
import assert from "node:assert/strict";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { parse, parseAllDocuments, stringify } from "yaml";
import { bundledChart, type Helm } from "../../actions/core/helm.ts";
import { mapSome } from "../../actions/core/map-some.ts";
import { readYaml } from "../../actions/validate/document.ts";
import type { Manifest } from "../../actions/validate/manifest.ts";
import type { Problem } from "../../actions/validate/problem.ts";
import { resolveChecked } from "../../actions/validate/resolve.ts";
import { readLanguage } from "../../actions/validate/schema.ts";
import { findTraps } from "../../actions/validate/traps.ts";
import { chooseSeed, howMany, seedVariable } from "../long.ts";
import { openBench } from "./bench.ts";
import { manifestGenerator } from "./generate.ts";
import { openWorkshop } from "./helm.ts";
import { mutateText, mutateTree } from "./mutate.ts";
import { randomFrom } from "./random.ts";

const root = join(bundledChart(), "..");
const written = globSync(["examples/**/.deploy/manifest.yaml", "chart/ci/*.yaml"], { cwd: root }).sort();
const schema = JSON.parse(readFileSync(join(bundledChart(), "values.schema.json"), "utf8"));
const workloads = new Set(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]);

/** What only a programmer understands: stacks, templates, values that were printed by mistake. */
const unclear =
  /undefined|\[object |<nil>|executing "|template:|\bmap\[|%!|runtime error|goroutine|Maximum call stack|\n\s+at |Error:/;

/** Manifests to break: those of the repository, and as many generated ones. */
function originalsFrom(seed: number): string[] {
  const generate = manifestGenerator(schema);
  return written.flatMap((file, index) => [
    readFileSync(join(root, file), "utf8"),
    stringify(generate(seed + index).content),
  ]);
}

function assertClear({ line, column, endLine, endColumn, code, message, hint }: Problem, lines: number): void {
  assert.match(code, /^(APP|FILE|YAML)_[A-Z_]+$/);
  assert.notEqual(code, "APP_RENDER_FAILED", message);
  assert.notEqual(message, "");
  assert.doesNotMatch(`${message}; ${hint}`, unclear);
  const ordered = line < endLine || (line === endLine && column <= endColumn);
  assert.ok(line >= 1 && column >= 1 && endLine <= lines && ordered, `${code} is at ${line}:${column} to ${endLine}`);
}

/** A release without anything that runs is right only where objects of `manifests` are left. */
async function assertRenders(objects: string, manifest: Manifest, environment: string, helm: Helm): Promise<void> {
  const documents = [...parseAllDocuments(objects)];
  assert.deepEqual(
    documents.flatMap(({ errors }) => errors),
    [],
  );
  if (documents.some((document) => workloads.has(document.toJS()?.kind))) return;
  const source = { manifest, chart: bundledChart() };
  const { application } = await resolveChecked<{ manifests: object }>(
    source,
    environment.replaceAll("*", "1"),
    {},
    helm,
  );
  assert.notDeepEqual(application?.manifests ?? {}, {}, "nothing runs");
}

/** Failures that are told in full. */
const shown = 20;

const count = howMany(2_000, 100_000);
const seed = chooseSeed();

test(`${count} broken manifests (${seedVariable}=${seed}) end in clear errors, or render`, async (t: TestContext) => {
  const { workspace, helm } = await openWorkshop(t);
  const { check, render } = openBench(workspace, helm);
  const originals = originalsFrom(seed);
  const language = await readLanguage(bundledChart());
  const known = originals.map((text) => parse(text));
  const tally = { refused: 0, same: 0, brokenRules: 0, rendered: 0 };
  const failures: string[] = [];
  const slowest = { milliseconds: 0, round: 0 };

  const tryOne = async (round: number) => {
    const random = randomFrom(seed + round);
    const original = random.below(originals.length);
    const mutant = random.chance(0.5)
      ? mutateText(originals[original] ?? "", random)
      : mutateTree(known[original], random);
    const file = `${round}.yaml`;
    writeFileSync(join(workspace, file), mutant);
    // Half of a pair of letters cannot be written as it is.
    const text = readFileSync(join(workspace, file), "utf8");
    const lines = text.split("\n").length;
    const { manifest, problems } = await check(file);
    if (manifest?.plain) {
      const { content, faults } = readYaml(text);
      assert.deepEqual({ content: manifest.content, faults }, { content, faults: [] }, "both readers agree");
      assert.deepEqual(findTraps(readYaml(text), language), [], "what is plain has no trap");
    }
    for (const problem of problems) assertClear(problem, lines);
    if (manifest === undefined || problems.length > 0) tally.refused++;
    // A comment or a line break: nothing that Helm could tell from the original.
    else if (isDeepStrictEqual(manifest.content, known[original])) tally.same++;
    else {
      const declared = Object.keys((manifest.content as { environments?: object | null }).environments ?? {});
      const environment = declared.length > 0 ? random.pick(declared) : "prod";
      const outcome = await render(file, manifest, environment);
      for (const problem of outcome.problems) assertClear(problem, lines);
      if (outcome.problems.length > 0) tally.brokenRules++;
      else {
        tally.rendered++;
        assert.ok(outcome.objects !== undefined, "neither a problem nor objects");
        await assertRenders(outcome.objects, manifest, environment, helm);
      }
    }
  };

  const rounds = Array.from({ length: count }, (_, round) => round);
  await mapSome(rounds, availableParallelism(), async (round) => {
    const start = performance.now();
    await tryOne(round).catch((thrown: Error) => {
      const text = readFileSync(join(workspace, `${round}.yaml`), "utf8");
      failures.push(`mutant ${round}: ${thrown.message}\n${JSON.stringify(text)}`);
    });
    rmSync(join(workspace, `${round}.yaml`));
    const milliseconds = performance.now() - start;
    if (milliseconds > slowest.milliseconds) Object.assign(slowest, { milliseconds, round });
  });
  t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`);
  t.diagnostic(`the slowest, mutant ${slowest.round}, took ${Math.round(slowest.milliseconds)} ms`);
  assert.equal(failures.length, 0, `${failures.length} failed:\n${failures.slice(0, shown).join("\n\n")}`);
  // Each way out is taken.
  assert.ok(
    Object.values(tally).every((times) => times > 0),
    JSON.stringify(tally),
  );
});
