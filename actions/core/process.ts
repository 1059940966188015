import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { formatDuration } from "./duration.ts";
import { FairleadError } from "./errors.ts";
import type { Environment } from "./inputs.ts";
import type { Masker } from "./masking.ts";

/** How a program is run. */
export interface ExecuteOptions {
  readonly environment: Environment;
  readonly masker: Masker;
  readonly workingDirectory?: string;
  /** The start of a command line that becomes the program, as `setpriv` or `nice` do. */
  readonly startedBy?: readonly string[];
  /** Written to the standard input, which is closed after it; the place for secrets. */
  readonly input?: string;
  /** Milliseconds until the program is stopped. */
  readonly timeout?: number;
  /** Stops the program when aborted. */
  readonly signal?: AbortSignal;
  /** The signal that asks the program to stop; SIGKILL follows after `grace` milliseconds (5,000 by default). */
  readonly stopSignal?: NodeJS.Signals;
  readonly grace?: number;
  /** Called with each line of either stream as it comes, redacted. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are no failure; `[0]` by default. */
  readonly accept?: readonly number[];
}

/** What a program left: its output is redacted, but for `rawOutput`. */
export interface Finished {
  readonly code: number;
  readonly output: string;
  /** Standard output as it came, for parsing only. */
  readonly rawOutput: string;
  readonly errors: string;
}

/**
 * Runs a program from an argument array, never through a shell, and waits for it.
 *
 * @throws FairleadError TOOL_MISSING, TOOL_FAILED (with the last line that the program wrote to its error stream),
 *   TIMEOUT, or the reason of `signal`.
 */
export async function execute(command: string, args: readonly string[], options: ExecuteOptions): Promise<Finished> {
  options.signal?.throwIfAborted();
  const [first, ...rest] = [...(options.startedBy ?? []), command, ...args];
  const child = spawn(first ?? command, rest, {
    env: { ...options.environment },
    ...(options.workingDirectory === undefined ? {} : { cwd: options.workingDirectory }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A program that ends without reading its input must not fail us with EPIPE; its exit code says what happened.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const stop = stopOnRequest(child, options);
  try {
    const [output, errors, [code, killedBy]] = await Promise.all([
      collect(child.stdout, options),
      collect(child.stderr, options),
      once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    stop.check(basename(command));
    const finished: Finished = {
      code: code ?? 128,
      output: options.masker.redact(output),
      rawOutput: output,
      errors: options.masker.redact(errors),
    };
    if (!(options.accept ?? [0]).includes(finished.code)) throw toolFailed(command, finished, killedBy);
    return finished;
  } catch (thrown) {
    stop.check(basename(command));
    throw notStarted(command, thrown) ?? thrown;
  } finally {
    stop.forget();
  }
}

async function collect(stream: Readable, { onLine, masker }: ExecuteOptions): Promise<string> {
  stream.setEncoding("utf8");
  let whole = "";
  let unfinished = "";
  for await (const chunk of stream) {
    whole += chunk;
    if (onLine === undefined) continue;
    const lines = (unfinished + chunk).split("\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) onLine(masker.redact(line));
  }
  if (unfinished !== "") onLine?.(masker.redact(unfinished));
  return whole;
}

function stopOnRequest(child: ReturnType<typeof spawn>, options: ExecuteOptions) {
  let timedOut = false;
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill(options.stopSignal ?? "SIGTERM");
    killer ??= setTimeout(() => {
      child.kill("SIGKILL");
      // A grandchild that outlives it may hold the other ends of the pipes, and must not hold us.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, options.grace ?? 5_000);
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop();
        }, options.timeout);
  options.signal?.addEventListener("abort", stop, { once: true });
  return {
    check(name: string) {
      options.signal?.throwIfAborted();
      if (!timedOut) return;
      const limit = formatDuration(options.timeout ?? 0);
      throw new FairleadError({ code: "TIMEOUT", message: `${name} did not end within ${limit} and was stopped.` });
    },
    forget() {
      clearTimeout(timer);
      clearTimeout(killer);
      options.signal?.removeEventListener("abort", stop);
    },
  };
}

function notStarted(command: string, thrown: unknown): FairleadError | undefined {
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  if (!syscall?.startsWith("spawn") || (code !== "ENOENT" && code !== "EACCES")) return undefined;
  return new FairleadError({
    code: "TOOL_MISSING",
    message: `The program ${basename(command)} ${code === "ENOENT" ? "was not found" : "may not be run"}.`,
    fix: code === "ENOENT" ? "Install it on the runner, or add it to the PATH." : "Make it executable.",
    cause: thrown,
  });
}

function toolFailed(command: string, finished: Finished, killedBy: NodeJS.Signals | null): FairleadError {
  const ended = killedBy === null ? `ended with exit code ${finished.code}` : `was ended by ${killedBy}`;
  const lastLine = finished.errors.trimEnd().split("\n").at(-1)?.trim();
  return new FairleadError({
    code: "TOOL_FAILED",
    message: `${basename(command)} ${ended}${lastLine ? `: ${lastLine}` : "."}`,
    details: finished.errors || finished.output,
  });
}
