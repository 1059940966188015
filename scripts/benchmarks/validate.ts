import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brokenManifest, webManifest, writeManifests } from "./manifests.ts";
import { each, inTurn, type Measured } from "./measure.ts";
import type { Bench, Subject } from "./subject.ts";

/** How many of a thousand `helm lint` are run; the rest is taken to be like them. */
const samples = 50;

/** `fairlead validate`: manifests by themselves, and one with everything. */
export const validate: Subject = async function* (bench) {
  const { helm } = await bench.tools(["helm"]);
  const folderOf = (name: string) => join(bench.folder, name);
  const thousand = writeManifests(folderOf("thousand"), 1_000, webManifest);
  const faulty = (number: number) => (number % 10 === 0 ? brokenManifest(number) : webManifest(number));
  writeManifests(folderOf("faulty"), 1_000, faulty);
  writeManifests(folderOf("two-hundred"), 200, webManifest);
  writeManifests(folderOf("one"), 1, webManifest);

  const lint = await each(
    thousand.slice(0, samples).map((file) => lintOf(file, helm, bench)),
    1_000,
  );
  const all = check("apps/*/manifest.yaml", ["--no-render"]);
  const [sound, mixed] = await inTurn(
    bench.rounds,
    all(folderOf("thousand"), bench, 0),
    all(folderOf("faulty"), bench, 100),
  );
  if (sound === undefined || mixed === undefined) throw new Error("nothing was measured");
  yield {
    name: "1,000 sound manifests, against helm lint on each",
    measured: sound,
    against: lint,
    ratioAtMost: 1 / 50,
  };
  yield { name: "1,000 with a mistake in every tenth, the same", measured: mixed, against: lint, ratioAtMost: 1 / 50 };

  const [hundreds, empty] = await inTurn(bench.rounds * 2, all(folderOf("two-hundred"), bench, 0), emptyProgram(bench));
  if (hundreds === undefined || empty === undefined) throw new Error("nothing was measured");
  yield { name: "200 manifests, against an empty program", measured: hundreds, against: empty, ratioAtMost: 5 };

  const complete = check("apps/1/manifest.yaml", [])(folderOf("one"), bench, 0);
  const path = `${dirname(helm)}:/usr/bin:/bin`;
  const [one, nothing] = await inTurn(bench.rounds, { ...complete, environment: { PATH: path } }, emptyProgram(bench));
  if (one === undefined || nothing === undefined) throw new Error("nothing was measured");
  const name = "one manifest with two environments, validated, rendered and checked, against an empty program";
  yield { name, measured: one, against: nothing, atMost: 1_000 };
};

function lintOf(file: string, helm: string, { root }: Bench): Measured {
  const args = ["lint", join(root, "chart"), "--values", file, "--set", "environment=prod"];
  return { command: [helm, ...args], workingDirectory: root };
}

/** The command line on a folder of manifests, with the number of problems that it must find. */
function check(pattern: string, options: readonly string[]) {
  return (folder: string, { root }: Bench, problems: number): Measured => ({
    command: [process.execPath, join(root, "dist/fairlead.mjs"), "validate", "--json", ...options, pattern],
    workingDirectory: folder,
    accept: problems === 0 ? [0] : [1],
    check(output) {
      const found = JSON.parse(output).length;
      if (found !== problems) throw new Error(`${found} problems were found, not ${problems}`);
    },
  });
}

/** What every program in Node costs, without doing anything. */
export function emptyProgram({ folder, root }: Bench): Measured {
  const file = join(folder, "empty.mjs");
  writeFileSync(file, "");
  return { command: [process.execPath, file], workingDirectory: root };
}
