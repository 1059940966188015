import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { inTurn, type Measured } from "./measure.ts";
import type { Bench, Subject } from "./subject.ts";
import { emptyProgram } from "./validate.ts";

/** What each step pays before it does anything: its built file up to the verdict that it was given no inputs. */
export const startup: Subject = async function* (bench) {
  const actions = globSync("dist/*.mjs", { cwd: bench.root }).sort();
  const empty = emptyProgram(bench);
  const [nothing, ...series] = await inTurn(bench.rounds, empty, ...actions.map((file) => start(file, bench)));
  if (nothing === undefined) throw new Error("nothing was measured");
  for (const [index, measured] of series.entries()) {
    yield { name: `${basename(actions[index] ?? "", ".mjs")}, against an empty program`, measured, against: nothing };
  }
};

function start(file: string, { root, folder }: Bench): Measured {
  return {
    command: [process.execPath, join(root, file)],
    workingDirectory: folder,
    environment: { RUNNER_TEMP: folder, GITHUB_STATE: join(folder, "state") },
    accept: [0, 1, 2],
    check(output) {
      const post = file.endsWith("-post.mjs");
      const stopped = file.endsWith("/fairlead.mjs") || output.includes("INPUT_INVALID");
      if (!post && !stopped) throw new Error(`${file} did not stop for want of inputs`);
    },
  };
}
