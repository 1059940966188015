import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { processTree, signalProcess } from "./processes.ts";

/** One script of an action, about to run. */
export interface Stage {
  readonly script: string;
  readonly workingDirectory: string;
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called with each line of either stream, as it comes. */
  readonly onLine: (line: string) => void;
  /** Cancels the script when aborted. */
  readonly cancel: AbortSignal;
  readonly patience?: Patience;
}

/** Milliseconds that a cancelled script has, from its SIGINT on. */
export interface Patience {
  readonly untilTerminate: number;
  readonly untilKill: number;
}

/** How a script ended. */
export interface StageEnd {
  /** As the shell counts: 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  /** Every byte of both streams, in the order of arrival. */
  readonly raw: Buffer;
  readonly milliseconds: number;
}

// What the runner leaves a cancelled process (actions/runner, ProcessInvoker.cs).
const runnerPatience: Patience = { untilTerminate: 7_500, untilKill: 10_000 };
// A background process that inherited the streams must not hold the step for ever.
const untilStreamsAreLeft = 5_000;

/** Runs one script with this Node, never through a shell: dash drops variables with a hyphen, and inputs have them. */
export async function runStage(stage: Stage): Promise<StageEnd> {
  const start = performance.now();
  const child = spawn(process.execPath, [stage.script], {
    cwd: stage.workingDirectory,
    env: { ...stage.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    readLines(stream, stage.onLine);
  }
  const closed = once(child, "close");
  const forget = cancelOnRequest(child.pid ?? 0, stage.cancel, stage.patience ?? runnerPatience);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  forget();
  const left = new AbortController();
  await Promise.race([closed, wait(untilStreamsAreLeft, undefined, { signal: left.signal }).catch(() => {})]);
  left.abort();
  child.stdout.destroy();
  child.stderr.destroy();
  return {
    exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
    raw: Buffer.concat(chunks),
    milliseconds: performance.now() - start,
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new TextDecoder();
  let unfinished = "";
  stream.on("data", (chunk: Buffer) => {
    const lines = (unfinished + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    unfinished = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("close", () => {
    if (unfinished !== "") onLine(unfinished);
  });
}

function cancelOnRequest(pid: number, cancel: AbortSignal, { untilTerminate, untilKill }: Patience): () => void {
  const timers: NodeJS.Timeout[] = [];
  const start = () => {
    signalProcess(pid, "SIGINT");
    timers.push(setTimeout(() => signalProcess(pid, "SIGTERM"), untilTerminate));
    timers.push(setTimeout(() => processTree(pid).forEach((each) => void signalProcess(each, "SIGKILL")), untilKill));
  };
  if (cancel.aborted) start();
  else cancel.addEventListener("abort", start, { once: true });
  return () => {
    cancel.removeEventListener("abort", start);
    for (const timer of timers) clearTimeout(timer);
  };
}
