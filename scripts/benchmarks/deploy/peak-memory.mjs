// Preloaded into a program that is measured: writes its largest resident set, in KiB, into the file that the query of this
// module's own address names.
import { writeFileSync } from "node:fs";

const file = new URL(import.meta.url).searchParams.get("file");
process.on("exit", () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
