// Runs the unit tests: everything that needs no root and no real part (those are named *.real.test.ts).
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const files = globSync(["{actions,chart,scripts,test}/**/*.test.ts"], { cwd: root })
  .filter((file) => !file.endsWith(".real.test.ts") && !file.includes("node_modules"))
  .sort();
const { status } = spawnSync(process.execPath, ["--test", ...files], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
