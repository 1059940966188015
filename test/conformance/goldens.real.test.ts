// What the chart makes of every example, held against the last word on it. UPDATE_GOLDEN=1 records anew.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { readManifest } from "../../actions/validate/manifest.ts";
import { helms, helmTest, template } from "../../chart/helm.testing.ts";
import { clusterFiles } from "./system.ts";

const repository = join(import.meta.dirname, "../..");
const goldens = join(import.meta.dirname, "golden");
const folder = mkdtempSync(join(tmpdir(), "fairlead-goldens-"));
after(() => rmSync(folder, { recursive: true }));

/** One environment of an example. */
interface Case {
  /** Name of its golden. */
  readonly name: string;
  /** What Helm is given. */
  readonly args: readonly string[];
}

/** Every environment of a manifest, with the texts of the files that it names laid over it, as the actions do. */
async function casesOf(file: string): Promise<Case[]> {
  const { absolutePath, content, overlay = {} } = await readManifest(file, { workspace: repository });
  const folderOf = dirname(dirname(file));
  const facts = clusterFiles(folderOf).flatMap((path) => ["--values", path]);
  const system = folderOf.replace("examples/", "").replaceAll("/", "-");
  const texts = join(folder, `${system}.json`);
  writeFileSync(texts, JSON.stringify(overlay));
  const { environments } = content as { environments: object };
  return Object.keys(environments).map((environment) => ({
    name: `${system}-${environment}`,
    args: [...facts, "--values", absolutePath, "--values", texts, "--set", `environment=${environment}`],
  }));
}

// The smallest example has its goldens beside the chart.
const exclude = ["examples/hello/**"];
const manifests = globSync("examples/**/.deploy/manifest.yaml", { cwd: repository, exclude }).sort();
const cases = (await Promise.all(manifests.map(casesOf))).flat();

describe("the example systems", () => {
  for (const { name, args } of cases) {
    helmTest(`${name} renders as recorded, with Helm 3 and 4 and twice alike`, () => {
      const four = template({}, args, helms["4"]);
      assert.ok(four.ok, four.stderr);
      assert.equal(template({}, args, helms["3"]).text, four.text);
      assert.equal(template({}, args, helms["4"]).text, four.text);
      const path = join(goldens, `${name}.yaml`);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, four.text);
      assert.equal(four.text, readFileSync(path, "utf8"));
    });
  }

  test("nothing is recorded of what is no longer there", () => {
    const recorded = globSync("*.yaml", { cwd: goldens }).map((file) => basename(file, ".yaml"));
    assert.deepEqual(recorded.sort(), cases.map(({ name }) => name).sort());
  });
});
