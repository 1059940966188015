// The short loop: everything that needs neither root nor a real part.
import { runSuite, testFiles, unitConcurrency } from "./suite.ts";

await import("./build.ts");
const { failed } = await runSuite(testFiles("unit", process.argv[2]), unitConcurrency);
process.exit(failed > 0 ? 1 : 0);
