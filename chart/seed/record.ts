// Records what the seed's chart makes of the manifests beside this file, for seed.real.test.ts.
// node chart/seed/record.ts FOLDER_OF_1.0.0 FOLDER_OF_2.7.0
// The folders are kubernetes/applications/chart at cba2c65 and kubernetes/charts/app at a2f97bb of jterrazz/jterrazz-infra.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cases, factsOf } from "./facts.testing.ts";

const [oldest, newest] = process.argv.slice(2);
if (oldest === undefined || newest === undefined)
  throw new Error("give the folders of the seed's charts 1.0.0 and 2.7.0");
const charts = { "1.0.0": oldest, "2.7.0": newest };
const facts = cases.map((one) => [`${one.manifest}-${one.environment}`, factsOf(one, charts[one.version])]);
writeFileSync(join(import.meta.dirname, "facts.json"), `${JSON.stringify(Object.fromEntries(facts), null, 2)}\n`);
