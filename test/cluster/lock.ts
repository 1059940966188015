import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Progress } from "./progress.ts";

/**
 * Runs `work` while no other process does so under the same lock file, and waits as long as another one does.
 *
 * The kernel keeps the lock (flock(1)) for a `cat` that reads from us and echoes one line once it holds it: whatever
 * ends this process closes that pipe, and with it the lock.
 */
export async function withLock<T>(file: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = spawn("flock", [file, "cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(holder, "close");
  const told = setTimeout(() => progress(`waits for another step or run, which holds ${file}`), 1_000);
  try {
    holder.stdin.write("held\n");
    const first = await Promise.race([once(holder.stdout, "data"), ended.then(() => undefined)]);
    if (first === undefined) throw new Error(`flock could not lock ${file}.`);
    clearTimeout(told);
    return await work();
  } finally {
    clearTimeout(told);
    holder.stdin.end();
    await ended;
  }
}
