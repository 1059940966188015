import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between the start of the machine and of the process (proc(5), /proc/pid/stat field 22). */
  readonly startTime: string;
}

/** The process that has this number now, or undefined where none runs. A zombie runs no more. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTime] = [fields[0], fields[19]];
    return state === "Z" || state === "X" || startTime === undefined ? undefined : { pid, startTime };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export function isAlive(known: ProcessIdentity): boolean {
  return identify(known.pid)?.startTime === known.startTime;
}

/** The processes that this one has started and that still run. */
export function childrenOf(pid: number): ProcessIdentity[] {
  try {
    const numbers = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return numbers.split(" ").flatMap((number) => identify(Number(number)) ?? []);
  } catch {
    return [];
  }
}

/** Sends a signal to exactly this process, if it still runs. */
export function signal(known: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(known)) return;
  try {
    process.kill(known.pid, name);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

/** Waits until none of the processes runs; gives those that still do after `within` milliseconds. */
export async function gone(known: readonly ProcessIdentity[], within: number): Promise<ProcessIdentity[]> {
  const end = performance.now() + within;
  for (;;) {
    const left = known.filter(isAlive);
    if (left.length === 0 || performance.now() >= end) return left;
    await wait(20);
  }
}

/** Asks processes to end, and ends those that have not after `grace` milliseconds. */
export async function end(known: readonly ProcessIdentity[], grace: number): Promise<void> {
  for (const one of known) signal(one, "SIGTERM");
  for (const one of await gone(known, grace)) signal(one, "SIGKILL");
  const left = await gone(known, 5_000);
  if (left.length > 0) throw new Error(`Process ${left.map(({ pid }) => pid).join(", ")} survived SIGKILL.`);
}
