// The short loop: everything that needs neither root nor a real part.
import { availableParallelism } from "node:os";
import { runSuite, testFiles } from "./suite.ts";

await import("./build.ts");
const { failed } = await runSuite(testFiles("unit", process.argv[2]), availableParallelism());
process.exit(failed > 0 ? 1 : 0);
