import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** A process that a job left running. */
export interface Orphan {
  readonly pid: number;
  readonly command: string;
}

/** Every process that descends from `pid`, itself last, as the kernel lists them now. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const candidate of processIds()) {
    const parent = parentOf(candidate);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), candidate]);
  }
  const collect = (root: number): number[] => [...(children.get(root) ?? []).flatMap(collect), root];
  return collect(pid);
}

/** Sends a signal; a process that ended meanwhile is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

/**
 * Ends every process whose environment carries `variable=value`, as the runner does at the end of a job by
 * RUNNER_TRACKING_ID, and gives what it found.
 */
export async function endOrphans(variable: string, value: string): Promise<Orphan[]> {
  const found = processIds().filter((pid) => environmentOf(pid).includes(`${variable}=${value}`));
  const orphans = found.map((pid) => ({ pid, command: readProc(pid, "cmdline").replaceAll("\0", " ").trim() }));
  for (const { pid } of orphans) signalProcess(pid, "SIGTERM");
  const deadline = performance.now() + 5_000;
  while (orphans.some(({ pid }) => isRunning(pid)) && performance.now() < deadline) await wait(20);
  for (const { pid } of orphans) if (isRunning(pid)) signalProcess(pid, "SIGKILL");
  return orphans;
}

function isRunning(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(readProc(pid, "status"));
}

function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(readProc(pid, "status")) ?? [];
  return parent === undefined ? undefined : Number(parent);
}

function environmentOf(pid: number): string[] {
  return readProc(pid, "environ").split("\0");
}

/** A file of /proc; empty when the process ended meanwhile or belongs to somebody else. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
