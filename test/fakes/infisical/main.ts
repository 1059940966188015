// Runs the stand-in as a process: reads its options as JSON from standard input, prints {"url": …} as one line,
// and runs until SIGTERM or SIGINT.
import { text } from "node:stream/consumers";
import { type InfisicalOptions, startInfisical } from "./server.ts";

const options: InfisicalOptions = JSON.parse(await text(process.stdin));
const infisical = await startInfisical(options);
console.log(JSON.stringify({ url: infisical.url }));

const stop = async () => {
  await infisical.close();
  process.exit(0);
};
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
