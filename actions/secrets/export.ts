import type { Context } from "../core/context.ts";
import type { SecretsInputs } from "./inputs.ts";

/** Names by which a variable takes over the shell, the loader, an interpreter, git, or the runner itself. */
const takesOver =
  /^(PATH|HOME|SHELL|ENV|BASH_ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|IFS|PS4|PROMPT_COMMAND|CI|CDPATH|LD_.*|DYLD_.*|NODE_.*|NPM_CONFIG_.*|PYTHON(PATH|HOME|STARTUP)|PERL5(OPT|LIB|DB)|RUBY(OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GIT_.*|SSH_ASKPASS|(HTTPS?|ALL|NO)_PROXY|GITHUB_.*|RUNNER_.*|ACTIONS_.*|INPUT_.*|STATE_.*)$/i;

/** Infisical allows any name; a line break or `=` in one would write other entries into the runner's files. */
const plainName = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const ownOutputs = new Set(["count", "names"]);

/** Hands masked secrets to the following steps, and warns once about those that it leaves out. */
export function exportSecrets(
  secrets: ReadonlyMap<string, string>,
  inputs: Pick<SecretsInputs, "export" | "overwrite">,
  context: Context,
): void {
  if (inputs.export === "env") exportVariables(secrets, inputs.overwrite, context);
  if (inputs.export === "outputs") exportOutputs(secrets, context);
}

function exportVariables(secrets: ReadonlyMap<string, string>, overwrite: boolean, { runner, environment }: Context) {
  const isSafe = (name: string) => plainName.test(name) && !takesOver.test(name);
  const isKept = (name: string) => !overwrite && environment[name] !== undefined;
  const names = [...secrets.keys()];
  warnSkipped(
    names.filter((name) => !isSafe(name)),
    "not exported, because variables of these names would take over the runner or are not plain names",
    runner,
  );
  const kept = names.filter((name) => isSafe(name) && isKept(name));
  if (kept.length > 0) runner.info(`Kept, because the job has them already (see \`overwrite\`): ${kept.join(", ")}`);
  for (const [name, value] of secrets) if (isSafe(name) && !isKept(name)) runner.exportVariable(name, value);
}

function exportOutputs(secrets: ReadonlyMap<string, string>, { runner }: Context) {
  const isSafe = (name: string) => plainName.test(name) && !ownOutputs.has(name.toLowerCase());
  warnSkipped(
    [...secrets.keys()].filter((name) => !isSafe(name)),
    "not set as outputs, because these are not plain names or are outputs of this action",
    runner,
  );
  for (const [name, value] of secrets) if (isSafe(name)) runner.setOutput(name, value);
}

function warnSkipped(names: readonly string[], reason: string, runner: Context["runner"]) {
  if (names.length === 0) return;
  const shown = names.map((name) => JSON.stringify(name)).join(", ");
  runner.annotate("warning", `Secrets ${reason}: ${shown}.`, "Secrets left out");
}
