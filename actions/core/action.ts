import { rm } from "node:fs/promises";
import { actionContext, type Context } from "./context.ts";
import { FairleadError, messageOf } from "./errors.ts";
import type { Environment } from "./inputs.ts";
import type { Masker } from "./masking.ts";
import { actionsRunner, type Runner } from "./runner.ts";
import { details, firstThatFit } from "./summary.ts";

const folderState = "folder";

/** Thrown when the annotations of a failed step are already given, as `validate` gives one for each problem. */
export class AlreadyReported extends Error {}

/** The work of an action: reads its inputs from the environment and runs its room. */
export type Body = (environment: Environment, context: Context) => Promise<void>;

/** What sets an action apart from most others. */
export interface ActionKind {
  /** Where it runs, `linux` if left out. */
  readonly systems?: "linux" | "any";
  /** Whether it shows the evidence of a failure itself, in its log and its summary. */
  readonly ownReport?: boolean;
}

/**
 * Runs an action's main step: gives it a context, and turns whatever it throws into one `::error` and exit code 1.
 * A cancelled job (SIGINT, then SIGTERM from the runner) aborts `context.signal`.
 */
export async function main(body: Body, { systems = "linux", ownReport = false }: ActionKind = {}): Promise<void> {
  const runner = actionsRunner(process.env);
  await conclude(runner, async () => {
    if (systems === "linux") requireLinux();
    const context = actionContext(process.env, runner, cancellation());
    runner.saveState(folderState, context.folder);
    await reportDetails(context, ownReport, () => Promise.race([body(process.env, context), strayFault()]));
  });
}

/** Rejects with what is thrown outside of the awaited work, so that it is redacted and told like everything else. */
function strayFault(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  process.on("uncaughtException", reject);
  process.on("unhandledRejection", reject);
  return promise;
}

/**
 * Runs an action's post step: all that its rooms have to undo, side by side, then the folder of the step is removed.
 * A fault in here is a warning: the job has its result already.
 */
export async function post(...undos: readonly ((context: Context) => Promise<void>)[]): Promise<void> {
  const runner = actionsRunner(process.env);
  const folder = process.env[`STATE_${folderState}`];
  if (!folder) return;
  const context = actionContext(process.env, runner, cancellation(), folder);
  const warn = (thrown: unknown) => runner.annotate("warning", context.masker.redact(messageOf(thrown)), "Cleaning up");
  await Promise.all(undos.map((undo) => undo(context).catch(warn)));
  await rm(folder, { recursive: true, force: true }).catch(warn);
}

/** One `::error` for whatever `work` throws, then the end of the process. */
async function conclude(runner: Runner, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    report(runner, thrown);
    await printed();
    process.exit(1);
  }
  await printed();
  // An open keep-alive connection must not keep the step alive.
  process.exit(0);
}

/** Waits until the runner has taken all that was printed: ending at once would drop what does not fit in the pipe, masks too. */
function printed(): Promise<void> {
  return new Promise((resolve) => process.stdout.write("", () => resolve()));
}

function report(runner: Runner, thrown: unknown): void {
  if (thrown instanceof AlreadyReported) return;
  if (thrown instanceof FairleadError) {
    runner.annotate("error", thrown.sentence, thrown.code, thrown.place);
    return;
  }
  runner.info(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  const message = `${messageOf(thrown)} This is a bug of fairlead, not a mistake of yours; please report it with the log.`;
  runner.annotate("error", message, "BUG");
}

/** Shows the evidence of a failure in the log and in the summary before the one-line error. */
async function reportDetails(context: Context, ownReport: boolean, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof FairleadError && thrown.details && !ownReport) {
      const lines = context.masker.redact(thrown.details.trimEnd()).split("\n");
      context.runner.group("What was seen", lines);
      const shown = firstThatFit(lines, (line) => line);
      const more = shown.length < lines.length ? [`(${lines.length - shown.length} more lines are in the log)`] : [];
      context.runner.summarize(details(context.masker.redact(thrown.message), [...shown, ...more].join("\n")));
    }
    throw redacted(thrown, context);
  }
}

function redacted(thrown: unknown, { masker }: Context): unknown {
  if (thrown instanceof AlreadyReported) return thrown;
  if (!(thrown instanceof FairleadError)) return redactedBug(thrown, masker);
  return new FairleadError({
    code: thrown.code,
    message: masker.redact(thrown.message),
    ...(thrown.fix === undefined ? {} : { fix: masker.redact(thrown.fix) }),
    ...(thrown.place === undefined ? {} : { place: thrown.place }),
    cause: thrown,
  });
}

/** The runner masks line by line, so what is secret only as a whole has to be taken out here. */
function redactedBug(thrown: unknown, masker: Masker): Error {
  const bug = new Error(masker.redact(messageOf(thrown)));
  if (thrown instanceof Error && thrown.stack !== undefined) bug.stack = masker.redact(thrown.stack);
  return bug;
}

function cancellation(): AbortSignal {
  const controller = new AbortController();
  const cancel = () =>
    controller.abort(new FairleadError({ code: "CANCELLED", message: "The job was cancelled, so this step stopped." }));
  process.on("SIGINT", cancel);
  process.on("SIGTERM", cancel);
  return controller.signal;
}

function requireLinux(): void {
  if (process.platform === "linux") return;
  throw new FairleadError({
    code: "TOOL_MISSING",
    message: `This action runs on Linux, not on ${process.platform}.`,
    fix: "Choose a Linux runner, for instance `runs-on: ubuntu-latest`.",
  });
}
