// Measures how fast fairlead is, each figure against something in the same run. Exit code 1: one is not good enough.
// ./scripts/bench [--rounds N] [SUBJECT …]: all subjects when none is named.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FairleadError, messageOf } from "../actions/core/errors.ts";
import { ensureTools } from "../test/cluster/toolchain.ts";
import { bootstrap } from "./benchmarks/bootstrap.ts";
import { chart } from "./benchmarks/chart.ts";
import { deploy } from "./benchmarks/deploy/deploy.ts";
import { isMet, renderFigure } from "./benchmarks/figure.ts";
import { secrets } from "./benchmarks/secrets.ts";
import { startup } from "./benchmarks/startup.ts";
import type { Subject } from "./benchmarks/subject.ts";
import { tailnet } from "./benchmarks/tailnet.ts";
import { validate } from "./benchmarks/validate.ts";

const subjects: ReadonlyMap<string, Subject> = new Map([
  ["chart", chart],
  ["validate", validate],
  ["startup", startup],
  ["secrets", secrets],
  ["tailnet", tailnet],
  ["deploy", deploy],
  ["bootstrap", bootstrap],
]);

const folder = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
const clear = () => rmSync(folder, { recursive: true, force: true });
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.once("exit", clear);

try {
  process.exitCode = (await benchAll()) ? 0 : 1;
} catch (thrown) {
  console.error(messageOf(thrown));
  // What a command wrote that was to succeed.
  if (thrown instanceof FairleadError && thrown.details) console.error(thrown.details);
  process.exitCode = 2;
}

async function benchAll(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string", default: "7" } },
  });
  const names = positionals.length > 0 ? positionals : [...subjects.keys()];
  const unknown = names.filter((name) => !subjects.has(name));
  if (unknown.length > 0) {
    throw new Error(`There is no subject ${unknown.join(", ")}; there are ${[...subjects.keys()].join(", ")}.`);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number from 1.");
  await import("./build.ts");
  // The reader can tell from it whether the machine had something else to do.
  console.log(`${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}, ${rounds} rounds`);
  let missed = 0;
  for (const name of names) {
    console.log(`\n== ${name}`);
    const own = mkdtempSync(join(folder, `${name}-`));
    const bench = { root: join(import.meta.dirname, ".."), folder: own, rounds, tools: ensureTools };
    for await (const figure of subjects.get(name)?.(bench) ?? []) {
      console.log(renderFigure(figure));
      if (!isMet(figure)) missed++;
    }
  }
  console.log(missed === 0 ? "\nEvery target is met." : `\n${missed} missed.`);
  return missed === 0;
}
