import { readFileSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import type { Connection } from "./client.ts";

/** What the post step needs to end a tailscaled that the main step started; kept as JSON. */
export interface Started extends Connection {
  /** What runs a command as root, where the daemon belongs to root and we do not; else empty. */
  readonly elevation: readonly string[];
  /** What puts the network of the machine back when the daemon did not; empty where it has changed nothing. */
  readonly cleanUp: readonly string[];
  /** The daemon, or `sudo` in front of it. */
  readonly process: number;
  /** Clock ticks since boot, so that another process with the same number is not taken for it. */
  readonly startTime: string;
}

function recordFile({ folder }: Pick<Context, "folder">): string {
  return join(folder, "tailnet.json");
}

/** Keeps a record of a daemon that was just started; of one that is gone already there is nothing to keep. */
export function recordStart(started: Omit<Started, "startTime">, context: Context): void {
  const startTime = startTimeOf(started.process);
  if (startTime === undefined) return;
  writeFileSync(recordFile(context), JSON.stringify({ ...started, startTime }), { mode: 0o600 });
}

/** The record of the daemon that was started in this step, if one was. */
export async function readRecord(context: Context): Promise<Started | undefined> {
  return await readFile(recordFile(context), "utf8").then(JSON.parse, () => undefined);
}

/** Forgets it. */
export async function removeRecord(context: Context): Promise<void> {
  await rm(recordFile(context), { force: true });
}

/** The process that `sudo` runs, and ends with; `sudo` itself, when it is killed, would leave it behind. */
export function behindSudo(process: number): number {
  try {
    if (readFileSync(`/proc/${process}/comm`, "utf8").trim() !== "sudo") return process;
    const [child] = readFileSync(`/proc/${process}/task/${process}/children`, "utf8").trim().split(" ");
    return child ? behindSudo(Number(child)) : process;
  } catch {
    return process;
  }
}

/** Whether the very process that was started still runs. */
export function isRunning({ process, startTime }: Started): boolean {
  return startTimeOf(process) === startTime;
}

/** The start time of a process (field 22 of `/proc/<pid>/stat`, proc(5)); undefined once it is gone or a zombie. */
function startTimeOf(process: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, "utf8");
    // The second field is the program's name in brackets, and may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
