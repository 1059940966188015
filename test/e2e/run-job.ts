// Runs several actions as the steps of one job, for a test that had to start it elsewhere, such as in a network namespace.
// Reads `{steps: [{directory, with}], options}` as JSON from the standard input, and writes the job's result as JSON.
import { text } from "node:stream/consumers";
import { createJob } from "../harness/job.ts";

const { steps, options } = JSON.parse(await text(process.stdin));
await using job = createJob(options);
for (const { directory, ...step } of steps) await job.run(directory, step);
process.stdout.write(JSON.stringify(await job.finish()));
