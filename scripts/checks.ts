import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createMasker } from "../actions/core/masking.ts";
import { execute } from "../actions/core/process.ts";

const root = join(import.meta.dirname, "..");

/** A check of the sources: its name, and what throws when it does not pass. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

/** Every check that is no test. @param tools paths of programs by name. */
export function checks(tools: Readonly<Record<"actionlint" | "zizmor" | "helm" | "helm3", string>>): Check[] {
  const workflows = globSync("{.github,examples/*/.github}/workflows/*.yml", { cwd: root }).sort();
  const actions = globSync("{action.yml,actions/*/action.yml}", { cwd: root }).sort();
  const bin = (name: string) => join(root, "node_modules/.bin", name);
  const command = (name: string, program: string, ...args: string[]): Check => ({
    name,
    run: () => runCommand(program, args),
  });
  return [
    command("tsc", bin("tsc")),
    command("biome", bin("biome"), "check", "--error-on-warnings", "."),
    command("actionlint", tools.actionlint, ...workflows),
    command("zizmor", tools.zizmor, "--offline", "--quiet", "--persona=pedantic", ...workflows, ...actions),
    ...(["helm", "helm3"] as const).flatMap((helm) =>
      globSync("chart/ci/*.yaml", { cwd: root }).map((values) =>
        command(`${helm} lint ${values}`, tools[helm], "lint", "--strict", "chart", "--values", values),
      ),
    ),
    { name: "two builds give the same bytes", run: sameBytes },
  ];
}

async function sameBytes(): Promise<void> {
  const hashes: string[] = [];
  for (let build = 0; build < 2; build++) {
    await runCommand(process.execPath, ["scripts/build.ts"]);
    const hash = createHash("sha256");
    for (const file of globSync("dist/**/*.mjs", { cwd: root }).sort())
      hash.update(file).update(readFileSync(join(root, file)));
    hashes.push(hash.digest("hex"));
  }
  if (hashes[0] !== hashes[1]) throw new Error(`the builds differ: ${hashes.join(", ")}`);
}

async function runCommand(program: string, args: readonly string[]): Promise<void> {
  await execute(program, args, {
    environment: process.env,
    masker: createMasker(() => {}),
    workingDirectory: root,
    timeout: 300_000,
  });
}
