#!/usr/bin/env node
// The command line: `fairlead validate [files]` checks manifests as the action does.
import { readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, styleText } from "node:util";
import { actionContext, type Context } from "../actions/core/context.ts";
import { FairleadError, messageOf } from "../actions/core/errors.ts";
import { bundledChart, openHelm } from "../actions/core/helm.ts";
import type { Runner } from "../actions/core/runner.ts";
import { findManifests } from "../actions/validate/files.ts";
import type { Problem } from "../actions/validate/problem.ts";
import { renderProblem } from "../actions/validate/terminal.ts";
import { type Verdict, validateFiles } from "../actions/validate/validate.ts";

const usage = `Usage: fairlead validate [options] [file or pattern …]

Checks manifests, .deploy/manifest.yaml by default, in every environment that they declare.

  -e, --environment NAME  check this environment only; may be given several times
      --cluster FILE      file with the key \`cluster\`, laid over the chart's own values
      --no-render         check YAML and schema only, without Helm
      --json              print the problems as a JSON array
  -h, --help              show this

Exit code: 0 no problem, 1 problems, 2 the command itself could not be carried out.`;

async function command(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      environment: { type: "string", short: "e", multiple: true },
      cluster: { type: "string" },
      render: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [name, ...patterns] = positionals;
  if (values.help || name !== "validate") {
    (values.help ? console.log : console.error)(usage);
    return values.help ? 0 : 2;
  }
  const { environment, cluster, render } = values;
  const { problems, remarks, unchecked } = await validate(patterns.length > 0 ? patterns : [".deploy/manifest.yaml"], {
    chart: bundledChart(),
    render,
    ...(environment === undefined ? {} : { environments: environment }),
    ...(cluster === undefined ? {} : { clusterFile: resolve(cluster) }),
  });
  if (values.json) console.log(JSON.stringify(problems, null, 2));
  else await print(problems, remarks);
  if (unchecked.length > 0) console.error(`Rendered, but not checked against a schema: ${unchecked.join(", ")}.`);
  return problems.length > 0 ? 1 : 0;
}

async function validate(patterns: readonly string[], rules: Parameters<typeof validateFiles>[1]): Promise<Verdict> {
  const workspace = process.cwd();
  const files = findManifests(patterns, workspace);
  const contexts: Context[] = [];
  try {
    return await validateFiles(files, rules, workspace, () => {
      const context = terminalContext();
      contexts.push(context);
      return openHelm(context);
    });
  } finally {
    for (const { folder } of contexts) await rm(folder, { recursive: true, force: true });
  }
}

/** A step's context for a person's machine: quiet, with a cache for tools that outlives the command. */
function terminalContext(): Context {
  const controller = new AbortController();
  process.once("SIGINT", () =>
    controller.abort(new FairleadError({ code: "CANCELLED", message: "The command was interrupted." })),
  );
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const environment = { ...process.env, RUNNER_TOOL_CACHE: join(cache, "fairlead") };
  return actionContext(environment, quietRunner, controller.signal);
}

const quietRunner: Runner = {
  info() {},
  debug() {},
  group() {},
  annotate: (_, message) => console.error(message),
  mask() {},
  setOutput() {},
  exportVariable() {},
  saveState() {},
  summarize() {},
};

async function print(problems: readonly Problem[], remarks: readonly Problem[]): Promise<void> {
  for (const remark of remarks) console.log(`${await excerptOf(remark, "warning")}\n`);
  for (const problem of problems) console.log(`${await excerptOf(problem, "error")}\n`);
  if (problems.length === 0) console.log("No problem found.");
  if (problems.length > 0) console.log(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}`);
}

async function excerptOf(problem: Problem, level: "error" | "warning"): Promise<string> {
  // What is wrong with a file as a whole has no line, and a link out of the repository is not to be shown.
  const whole = problem.code.startsWith("FILE_") && problem.path === "";
  const source = whole ? undefined : await readFile(problem.file, "utf8");
  return renderProblem(problem, source, styleText, level);
}

// `fairlead validate | head` closes the pipe early.
process.stdout.on("error", (fault: NodeJS.ErrnoException) => {
  if (fault.code !== "EPIPE") throw fault;
  process.exit();
});
try {
  process.exitCode = await command(process.argv.slice(2));
} catch (thrown) {
  const misused = messageOf((thrown as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
  if (thrown instanceof FairleadError) console.error(thrown.sentence);
  else console.error(misused ? messageOf(thrown) : thrown);
  process.exitCode = 2;
}
