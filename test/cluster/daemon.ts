import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf } from "../../actions/core/errors.ts";
import { poll } from "../../actions/core/retry.ts";
import { inside, type Network } from "./network.ts";
import { childrenOf, end, identify, isAlive, type ProcessIdentity } from "./processes.ts";
import { writeRecord } from "./record.ts";

/** A program that runs inside an instance until it is stopped. */
export interface DaemonOptions {
  /** Names its log and its record in the state folder. */
  readonly name: string;
  readonly command: readonly string[];
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Written to its standard input; the place for secrets. */
  readonly input?: string;
  /** Whether it does its work already; a throw means not yet, and why. Asked again until it is, or `within` is over. */
  readonly ready: () => Promise<boolean>;
  /** Milliseconds that it may take to be ready; 60 s by default. */
  readonly within?: number;
}

const endedEarly = "ended before it was ready";

/** What is recorded of a daemon: `nsenter`, which leads the way in, and the program itself. */
type DaemonRecord = readonly ProcessIdentity[];

/** Where a daemon's output goes. */
export function logFile(network: Network, name: string): string {
  return join(network.state, "logs", `${name}.log`);
}

/**
 * Starts a program inside an instance and waits until it is ready.
 *
 * @throws Error with the end of its log, when it ends or is not ready in time.
 */
export async function startDaemon(network: Network, options: DaemonOptions): Promise<void> {
  const { name } = options;
  for (const folder of ["logs", "daemons"]) mkdirSync(join(network.state, folder), { recursive: true });
  const log = openSync(logFile(network, name), "w", 0o600);
  const [program = "", ...args] = inside(network, options.command);
  const child = spawn(program, args, {
    detached: true,
    env: { ...options.environment },
    stdio: ["pipe", log, log],
  });
  closeSync(log);
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input ?? "");
  child.unref();
  const record = await recordOf(child.pid, network, name);
  writeRecord(recordFile(network.state, name), record);
  await untilReady(network, options, record);
}

/** Stops a daemon: SIGTERM, then SIGKILL after `grace` milliseconds. Nothing happens where none runs. */
export async function stopDaemon(network: Network, name: string, grace = 5_000): Promise<void> {
  const file = recordFile(network.state, name);
  if (!existsSync(file)) return;
  await end(readRecord(file).slice().reverse(), grace);
  rmSync(file, { force: true });
}

/** The daemons of an instance that were started and not stopped, and whether each still runs. */
export function runningDaemons({ state }: Network): { readonly name: string; readonly runs: boolean }[] {
  const folder = join(state, "daemons");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  return files
    .sort()
    .map((file) => ({ name: basename(file, ".json"), runs: readRecord(join(folder, file)).every(isAlive) }));
}

/** The last lines of a daemon's log. */
function logTail(network: Network, name: string, lines = 15): string {
  try {
    return readFileSync(logFile(network, name), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

/** An error about a daemon, with the end of its log and where the rest is. */
export function daemonError(network: Network, name: string, problem: string): Error {
  return new Error(`${name} ${problem}. The end of ${logFile(network, name)}:\n${logTail(network, name)}`);
}

async function recordOf(pid: number | undefined, network: Network, name: string): Promise<DaemonRecord> {
  const failed = (problem: string) => daemonError(network, name, problem);
  if (pid === undefined) throw failed("could not be started");
  const onTimeout = () => failed("did not start");
  return poll({ interval: 5, timeout: 5_000, signal: AbortSignal.timeout(10_000), onTimeout }, async () => {
    const leader = identify(pid);
    if (leader === undefined) throw failed(endedEarly);
    const [program] = childrenOf(pid);
    return program === undefined ? { waiting: "its process" } : { done: [leader, program] };
  });
}

async function untilReady(network: Network, options: DaemonOptions, record: DaemonRecord): Promise<void> {
  const { name, within = 60_000 } = options;
  await poll(
    {
      interval: 50,
      timeout: within,
      signal: AbortSignal.timeout(within + 60_000),
      onTimeout: (waiting) => daemonError(network, name, `was not ready within ${within / 1_000} s (${waiting})`),
    },
    async () => {
      if (!record.every(isAlive)) throw daemonError(network, name, endedEarly);
      try {
        return (await options.ready()) ? { done: true } : { waiting: "it does not say why" };
      } catch (thrown) {
        return { waiting: messageOf(thrown) };
      }
    },
  );
}

function recordFile(state: string, name: string): string {
  return join(state, "daemons", `${name}.json`);
}

function readRecord(file: string): DaemonRecord {
  return JSON.parse(readFileSync(file, "utf8"));
}
