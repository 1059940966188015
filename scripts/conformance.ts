// Says how far fairlead does what four real systems need: runs the conformance tests and prints a table of every requirement.
// ./scripts/conformance [--cluster] [SYSTEM]: vultisig, jterrazz, blockchain, aetherium or traps; with `--cluster` also what
// needs a real cluster, which is started, and the built actions.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ensureTools } from "../test/cluster/toolchain.ts";
import { clusterTests, idsInSource, idsOf, readRequirements, systemTests } from "../test/conformance/requirements.ts";
import { conclude, renderTable } from "../test/conformance/table.ts";
import { runTests } from "./suite.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cluster: { type: "boolean", default: false } },
});
const [system] = positionals;
const requirements = readRequirements();
if (system !== undefined && !requirements.has(system)) {
  console.error(`There is no list of ${system}; there are ${[...requirements.keys()].join(", ")}.`);
  process.exit(2);
}

await ensureTools(["helm"], console.error);
const results = await runTests([...systemTests(), ...(values.cluster ? clusterTests() : [])]);
const notRun = new Set(values.cluster ? [] : clusterTests().flatMap((file) => idsInSource(readFileSync(file, "utf8"))));
const stray = results.filter(({ name, passed }) => !passed && idsOf(name).length === 0);
const chosen = [...requirements]
  .filter(([name]) => system === undefined || name === system)
  .flatMap(([, list]) => list);
const rows = chosen.map((requirement) => conclude(requirement, results, notRun));
console.log(renderTable(rows));
for (const { name, message } of stray) console.error(`${name}: ${message}`);
process.exit(stray.length > 0 || rows.some(({ state }) => state === "failed" || state === "missing") ? 1 : 0);
