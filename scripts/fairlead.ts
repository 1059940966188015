#!/usr/bin/env node
// The command line. Each command is a module of its own, loaded when it is asked for.
import { FairleadError, messageOf } from "../actions/core/errors.ts";
import { suggest } from "../actions/core/suggest.ts";
import type { OperationName } from "../actions/operate/inputs.ts";
import type { Command } from "./commands/command.ts";

const operations: Readonly<Record<OperationName, string>> = {
  status: "show a release and everything that belongs to it",
  rollback: "bring the last good revision back, and hold it",
  hold: "keep deploys away",
  resume: "let deploys in again",
  restart: "make the pods of a component anew",
  scale: "change the number of pods until the next deploy",
  run: "run a command in a component",
  logs: "print the logs of all pods",
  stop: "end all pods and keep the data",
  remove: "uninstall, and delete only what is named beside",
};

const commands: Readonly<Record<string, { readonly what: string; load(): Promise<Command> }>> = {
  validate: { what: "check manifests", load: async () => (await import("./commands/validate.ts")).validate },
  render: {
    what: "print the objects of an environment",
    load: async () => (await import("./commands/render.ts")).render,
  },
  diff: { what: "show what changes in an environment", load: async () => (await import("./commands/diff.ts")).diff },
  ...Object.fromEntries(
    (Object.keys(operations) as OperationName[]).map((name) => {
      const what = operations[name];
      const load = async () => (await import("./commands/operate.ts")).operationCommand(name, what);
      return [name, { what, load }];
    }),
  ),
  bootstrap: {
    what: "deploy many repositories again",
    load: async () => (await import("./commands/bootstrap.ts")).bootstrap,
  },
};

const usage = `Usage: fairlead COMMAND [options]

${Object.entries(commands)
  .map(([name, { what }]) => `  ${name.padEnd(10)}${what}`)
  .join("\n")}

fairlead COMMAND --help tells its options.`;

/** The oldest Node that knows the syntax of the commands, as package.json says. */
const oldestNode = 24;

/** Runs the command that the arguments name, and gives the exit code: 2 when it could not be carried out. */
async function main([name = "", ...args]: readonly string[]): Promise<number> {
  // An older one would show where in the code it stumbled.
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    console.error(`fairlead needs Node ${oldestNode} or newer; this is ${process.versions.node}.`);
    return 2;
  }
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found === undefined) {
    const asked = ["help", "--help", "-h"].includes(name);
    const near = asked || name === "" ? undefined : suggest(name, Object.keys(commands));
    if (near !== undefined) console.error(`There is no command ${name}; did you mean ${near}?\n`);
    (asked ? console.log : console.error)(usage);
    return asked ? 0 : 2;
  }
  const command = await found.load();
  if (args.includes("--help") || args.includes("-h")) {
    console.log(command.usage);
    return 0;
  }
  return await command.run(args);
}

// `fairlead validate | head` closes the pipe early; the command ends by itself, and clears up after itself.
process.stdout.on("error", (fault: NodeJS.ErrnoException) => {
  if (fault.code !== "EPIPE") throw fault;
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const misused = messageOf((thrown as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
  if (thrown instanceof FairleadError) console.error(thrown.sentence);
  else console.error(misused ? messageOf(thrown) : thrown);
  process.exitCode = 2;
}
