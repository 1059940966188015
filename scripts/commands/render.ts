import { parseArgs } from "node:util";
import { type Command, exitCodes } from "./command.ts";
import { oneOptions, oneUsage, renderOne } from "./one.ts";
import { complain } from "./problems.ts";
import { openSession } from "./session.ts";

const usage = `Usage: fairlead render ENVIRONMENT [options]

Prints the objects that a deploy of the environment would apply, as YAML. Problems go to the error stream.

${oneUsage}
      --json           print the objects as a JSON array
  -h, --help           show this

${exitCodes}`;

/** `fairlead render`: prints the objects of an environment. */
export const render: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: oneOptions });
  await using session = openSession();
  const verdict = await renderOne(positionals, values, session.helm);
  await complain(verdict, values.json);
  const [rendered] = verdict.rendered;
  if (rendered === undefined) return 1;
  if (!values.json) process.stdout.write(rendered.objects);
  else {
    const { objectsOf } = await import("../../actions/validate/rendered.ts");
    console.log(JSON.stringify(objectsOf(rendered.objects), null, 2));
  }
  return 0;
}
