// Runs one action through the harness for a test that had to start it elsewhere, such as in a network namespace.
// Reads `{directory, options}` as JSON from the standard input, and writes the result as JSON.
import { text } from "node:stream/consumers";
import { runAction } from "../harness/job.ts";

const { directory, options } = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await runAction(directory, options)));
