import { parseArgs } from "node:util";
import { defaultBase } from "../../actions/validate/changes/base.ts";
import { changesAsJson } from "../../actions/validate/changes/report.ts";
import { compareWithBase } from "../../actions/validate/changes/run.ts";
import { renderChanges } from "../../actions/validate/changes/terminal.ts";
import { type Command, exitCodes } from "./command.ts";
import { oneOptions, oneUsage, renderOne } from "./one.ts";
import { complain, paintFor } from "./problems.ts";
import { openSession } from "./session.ts";

const usage = `Usage: fairlead diff ENVIRONMENT [options]

Shows what the files here change in the rendered objects against another commit, without the values of secrets.

      --base REF       branch, tag or commit; by default the default branch of origin, where this branch has left it
${oneUsage}
      --json           print the changes as the action's output \`diff\` has them
  -h, --help           show this

${exitCodes}`;

/** `fairlead diff`: shows what changes in an environment. */
export const diff: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  const options = { ...oneOptions, base: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  await using session = openSession();
  const verdict = await renderOne(positionals, values, session.helm);
  await complain(verdict, values.json);
  if (verdict.rendered.length === 0) return 1;
  const context = session.context();
  const ref = values.base ?? (await defaultBase(process.cwd(), context));
  const wanted = { ref, fetch: false };
  const changes = await compareWithBase(verdict.rendered, verdict.rules, wanted, context, session.helm);
  for (const note of changes.notes) console.error(note);
  if (values.json) console.log(changesAsJson(changes));
  else console.log(renderChanges(changes, paintFor(process.stdout)));
  return 0;
}
