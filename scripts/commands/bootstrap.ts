import { parseArgs } from "node:util";
import type { Context } from "../../actions/core/context.ts";
import { FairleadError, messageOf } from "../../actions/core/errors.ts";
import type { Runner } from "../../actions/core/runner.ts";
import type { Command } from "./command.ts";
import { openSession } from "./session.ts";

/** Options that are inputs of the action under the same name, with their defaults and how they are explained. */
const inputs = {
  owners: ["", "OWNERS", "owners whose repositories with a manifest are deployed too"],
  topic: ["", "TOPIC", "topic that discovered repositories must have"],
  workflow: ["deploy.yml", "FILE", "workflow of what names none, deploy.yml by default"],
  ref: ["", "REF", "branch or tag; what each manifest says by default"],
  inputs: ["", "NAME=VALUE", "input of the workflows; may be given several times"],
  environment: ["", "NAMES", "environments to bring back, all by default"],
  only: ["all", "WHAT", "all, missing (in the cluster) or failed (in the newest run)"],
  since: ["", "TIME", "runs from this time on belong to a bootstrap that was interrupted"],
  "app-id": ["", "ID", "GitHub App in place of tokens; its key is in GITHUB_APP_PRIVATE_KEY"],
  kubeconfig: ["", "FILE", "kubeconfig of the cluster; KUBECONFIG_BASE64 by default"],
  preflight: ["", "WHAT", "cluster, registry, chart or none"],
  cluster: ["", "FILE", "file with the key `cluster`, the team's facts about its cluster"],
  concurrency: ["5", "NUMBER", "runs of one owner at the same time, 5 by default"],
  timeout: ["30m", "TIME", "how long all of it may take, 30m by default"],
  "api-url": ["", "ADDRESS", "GitHub's REST API; GITHUB_API_URL, or api.github.com by default"],
} as const satisfies Readonly<Record<string, readonly [string, string, string]>>;

const usage = `Usage: fairlead bootstrap [options] [owner/repo[@ref] | FILE.yaml …]

Dispatches the deploy workflows of many repositories, waits for them, and shows how each one went.

${Object.entries(inputs)
  .map(([name, [, value, what]]) => `      --${`${name} ${value}`.padEnd(22)} ${what}`)
  .join("\n")}
      --no-wait               do not wait for the runs
      --cancel-runs           cancel the runs when this command is interrupted
      --dry-run               look at everything, dispatch nothing
      --json                  print the results as JSON, and nothing else
  -h, --help                  show this

The environment holds a token for each owner, GITHUB_TOKEN_<OWNER>; what it lacks is read from Infisical with
INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET.

Exit code: 0 everything was deployed, 1 something was not, 2 the command itself could not be carried out.`;

/** `fairlead bootstrap`: what the action does, from a terminal. */
export const bootstrap: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  const texts = Object.keys(inputs).map((name) => [name, { type: "string", multiple: name === "inputs" }] as const);
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      ...(Object.fromEntries(texts) as Record<string, { type: "string"; multiple: boolean }>),
      wait: { type: "boolean", default: true },
      "cancel-runs": { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { json, ...given } = values;
  const [{ readBootstrapInputs }, room, { undo }, secrets] = await Promise.all([
    import("../../actions/bootstrap/inputs.ts"),
    import("../../actions/bootstrap/run.ts"),
    import("../../actions/bootstrap/runs/cancel.ts"),
    import("../../actions/secrets/session.ts"),
  ]);
  const read = readBootstrapInputs(environmentFor(positionals, given));
  await using session = openSession();
  const outputs = new Map<string, string>();
  const context: Context = { ...session.context(), runner: terminal(json === true, outputs) };
  try {
    await room.run(read, context);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "DISPATCH_FAILED") throw thrown;
    if (!json) console.error(thrown.sentence);
    return 1;
  } finally {
    if (json && outputs.has("results")) console.log(JSON.stringify(JSON.parse(outputs.get("results") ?? ""), null, 2));
    // What the post step of the action does.
    const afterwards = { ...context, signal: new AbortController().signal };
    const warn = (thrown: unknown) => console.error(context.masker.redact(messageOf(thrown)));
    await Promise.all([secrets.undo(afterwards).catch(warn), undo(afterwards).catch(warn)]);
  }
}

/** The options as the runner would hand them to the action. */
function environmentFor(repositories: readonly string[], given: Readonly<Record<string, unknown>>) {
  const values: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, [value]]) => [name, value])),
    ...given,
    repositories: repositories.join("\n"),
    "app-private-key": process.env["GITHUB_APP_PRIVATE_KEY"],
    "infisical-client-id": process.env["INFISICAL_CLIENT_ID"],
    "infisical-client-secret": process.env["INFISICAL_CLIENT_SECRET"],
  };
  const text = (value: unknown) => (Array.isArray(value) ? value.join("\n") : String(value ?? ""));
  const variables = Object.entries(values).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, text(value)]);
  return { ...process.env, ...Object.fromEntries(variables) };
}

/** A runner that prints to the terminal, or only keeps the outputs. */
function terminal(quiet: boolean, outputs: Map<string, string>): Runner {
  const say = (line: string) => {
    if (!quiet) console.log(line);
  };
  return {
    info: say,
    debug() {},
    group(heading, lines) {
      say(`\n${heading}`);
      for (const line of lines) say(`  ${line}`);
    },
    verbatim: (lines) => lines.forEach(say),
    annotate: (_, message) => console.error(message),
    mask() {},
    setOutput: (name, value) => void outputs.set(name, value),
    exportVariable() {},
    saveState() {},
    summarize() {},
  };
}
