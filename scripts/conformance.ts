// Says how far fairlead does what four real systems need: runs the conformance tests, and those elsewhere that the
// requirements name, and prints a table of every requirement.
// ./scripts/conformance [--cluster] [SYSTEM]: vultisig, jterrazz, blockchain, aetherium or traps; with `--cluster` also what
// needs a real cluster, which is started. That takes long; ./scripts/test runs all of it anyway.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureTools } from "../test/cluster/toolchain.ts";
import { idsOf, readRequirements, referencesOf, systemTests } from "../test/conformance/requirements.ts";
import { conclude, renderTable } from "../test/conformance/table.ts";
import { runTests } from "./suite.ts";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { cluster: { type: "boolean" } } });
const [system] = positionals;
const requirements = readRequirements();
if (system !== undefined && !requirements.has(system)) {
  console.error(`There is no list of ${system}; there are ${[...requirements.keys()].join(", ")}.`);
  process.exit(2);
}

const chosen = [...requirements]
  .filter(([name]) => system === undefined || name === system)
  .flatMap(([, list]) => list);
const root = join(import.meta.dirname, "..");
const systems = systemTests();
const named = new Set(chosen.flatMap(referencesOf).map(({ file }) => join(root, file)));
const others = [...named].filter((file) => !systems.includes(file)).sort();
const slow = others.filter((file) => file.endsWith(".real.test.ts"));
const quick = others.filter((file) => !slow.includes(file));

await ensureTools(["helm"], console.error);
await import("./build.ts");
const own = await runTests(systems, availableParallelism());
const elsewhere = await runTests(quick, availableParallelism());
const onCluster = values.cluster ? await runTests(slow, 1) : [];
const stray = own.filter(({ name, passed }) => !passed && idsOf(name).length === 0);
const rows = chosen.map((requirement) => conclude(requirement, [...own, ...elsewhere, ...onCluster]));
console.log(renderTable(rows));
for (const { name, message } of stray) console.error(`${name}: ${message}`);
process.exit(stray.length > 0 || rows.some(({ state }) => state === "failed" || state === "missing") ? 1 : 0);
