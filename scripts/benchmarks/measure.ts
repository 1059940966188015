import { relative } from "node:path";
import { run } from "../../test/cluster/run.ts";
import type { Series } from "./figure.ts";

/** A command whose time counts. */
export interface Measured {
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** Added to the variables of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure; `[0]` by default. */
  readonly accept?: readonly number[];
  /** Throws when the output is not that of the work that was to be done: a fast failure is no result. */
  readonly check?: (output: string) => void | Promise<void>;
  /** What a person reads instead of the command with its variables. */
  readonly shown?: string;
  /** Prepares a run; not measured. */
  readonly before?: () => void | Promise<void>;
  /** Told when a run has ended, on the clock of `performance.now()`. */
  readonly ended?: (time: number) => void;
}

/**
 * Runs commands in turn, several rounds of each, so that whatever else the machine does meets all of them alike.
 * Before the first round each runs once unmeasured, which brings its files into memory.
 */
export async function inTurn(rounds: number, ...commands: readonly Measured[]): Promise<Series[]> {
  const times = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const time = await timeOf(command);
      if (round >= 0) times[index]?.push(time);
    }
  }
  return commands.map((command, index) => ({ command: wordsOf(command), values: times[index] ?? [] }));
}

/** Runs each command once, as one series named after the first; for the same work on many files. */
export async function each(commands: readonly Measured[], count: number): Promise<Series> {
  const [first] = commands;
  if (first === undefined) throw new Error("there is nothing to measure");
  const times: number[] = [];
  for (const command of commands) times.push(await timeOf(command));
  return { command: wordsOf(first), values: times, count };
}

async function timeOf(measured: Measured): Promise<number> {
  const { command, workingDirectory, environment, accept = [0], check, before, ended } = measured;
  await before?.();
  const start = performance.now();
  const { rawOutput } = await run(command, {
    workingDirectory,
    accept,
    environment: { ...process.env, ...environment },
    timeout: 300_000,
  });
  const end = performance.now();
  ended?.(end);
  await check?.(rawOutput);
  return end - start;
}

function wordsOf({ command: [program = "", ...args], workingDirectory, environment = {}, shown }: Measured): string {
  if (shown !== undefined) return shown;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const short = (word: string) => (word.startsWith("/") ? shortest(word, workingDirectory) : word);
  return [...variables, program.split("/").at(-1), ...args.map(short)].join(" ");
}

function shortest(path: string, folder: string): string {
  const way = relative(folder, path);
  return way.length < path.length ? way : path;
}
