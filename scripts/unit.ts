// The short loop: everything that needs neither root nor a real part.
import { join } from "node:path";
import { runSuite, testFiles, unitConcurrency } from "./suite.ts";

// Each file is a process of its own; what they compile, they compile once.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "../node_modules/.cache/compile");

await import("./build.ts");
const { failed } = await runSuite(testFiles("unit", process.argv[2]), unitConcurrency);
process.exit(failed > 0 ? 1 : 0);
