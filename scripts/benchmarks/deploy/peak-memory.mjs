// Preloaded into a program that is measured: writes its largest resident set, in KiB, into the file that the query of this
// module's own address names. The `maxRSS` of a process counts that of its parent before it became this program.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL(import.meta.url).searchParams.get("file");
process.on("exit", () => {
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  writeFileSync(file, String(peak));
});
