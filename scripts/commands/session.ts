import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { actionContext, type Context } from "../../actions/core/context.ts";
import { FairleadError } from "../../actions/core/errors.ts";
import { type Helm, openHelm } from "../../actions/core/helm.ts";
import type { Runner } from "../../actions/core/runner.ts";

/** What a command runs in on a person's machine. Nothing is made before it is asked for. */
export interface Session extends AsyncDisposable {
  context(): Context;
  helm(): Promise<Helm>;
}

/** Opens a session; its folder for temporary files goes with it. @param said what is told, and how; nothing by default. */
export function openSession(said: Partial<Runner> = {}): Session {
  let context: Context | undefined;
  let helm: Promise<Helm> | undefined;
  const open = () => {
    context ??= terminalContext({ ...quietRunner, ...said });
    return context;
  };
  return {
    context: open,
    helm() {
      helm ??= openHelm(open());
      return helm;
    },
    async [Symbol.asyncDispose]() {
      if (context !== undefined) await rm(context.folder, { recursive: true, force: true });
    },
  };
}

/** A step's context for a person's machine: quiet, with a cache for tools that outlives the command. */
function terminalContext(runner: Runner): Context {
  const controller = new AbortController();
  process.once("SIGINT", () =>
    controller.abort(new FairleadError({ code: "CANCELLED", message: "The command was interrupted." })),
  );
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const environment = { ...process.env, RUNNER_TOOL_CACHE: join(cache, "fairlead") };
  const context = actionContext(environment, runner, controller.signal);
  return { ...context, workspace: process.cwd() };
}

const quietRunner: Runner = {
  info() {},
  debug() {},
  group() {},
  verbatim() {},
  annotate: (_, message) => console.error(message),
  mask() {},
  setOutput() {},
  exportVariable() {},
  saveState() {},
  summarize() {},
};
