// Writes what is generated in the documentation: the tables of inputs and outputs in the README of each action, the tables
// of keys in docs/manifest.md, and docs/errors.md. With `--check` it writes nothing, and fails when something is out of date.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorsPage } from "./docs/errors.ts";
import { manifestPage } from "./docs/manifest.ts";
import { readme } from "./docs/tables.ts";

const root = join(import.meta.dirname, "..");

/** Paths of the files that differ from what would be generated, with the content that they should have. */
export function outdatedDocs(): ReadonlyMap<string, string> {
  const readmes = globSync("{action.yml,actions/*/action.yml}", { cwd: root })
    .sort()
    .map((file) => join(dirname(file), "README.md"));
  const wanted = [
    ...readmes.map((file) => [file, readme(root, file)] as const),
    ["docs/errors.md", errorsPage()] as const,
    ["docs/manifest.md", manifestPage(root, "docs/manifest.md")] as const,
  ];
  return new Map(wanted.filter(isOutdated));
}

function isOutdated([file, text]: readonly [string, string]): boolean {
  return !existsSync(join(root, file)) || readFileSync(join(root, file), "utf8") !== text;
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  const outdated = outdatedDocs();
  for (const [file, text] of outdated) {
    console.log(`${file} ${check ? "is out of date: run `npm run docs`" : "written"}`);
    if (check) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  if (check && outdated.size > 0) process.exitCode = 1;
}
