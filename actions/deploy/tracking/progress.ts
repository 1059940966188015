import { columns } from "../../core/columns.ts";
import type { Fault } from "./faults/fault.ts";
import type { Workload } from "./workloads.ts";

/** Milliseconds between two tables of a rollout that is under way. */
const tableInterval = 30_000;

/**
 * Tells how a rollout goes: one line for each change of a workload or of what keeps it, never the same twice in a row,
 * and a table of all workloads from time to time when there are several.
 */
export function createProgress(say: (line: string) => void) {
  const told = new Map<string, string>();
  let nextTable = Number.POSITIVE_INFINITY;
  const once = (key: string, line: string) => {
    if (told.get(key) === line) return;
    told.set(key, line);
    say(line);
  };
  return (workloads: readonly Workload[], faults: readonly Fault[], away: string | undefined, now: number): void => {
    if (nextTable === Number.POSITIVE_INFINITY) nextTable = now + tableInterval;
    for (const workload of workloads) once(workload.uid, `${workload.name}: ${stateOf(workload)}`);
    for (const { key, cause, usual } of faults) if (!usual) once(key, cause);
    if (away === undefined) told.delete("away");
    else once("away", away);
    if (workloads.length < 2 || now < nextTable) return;
    nextTable = now + tableInterval;
    say(tableOf(workloads));
  };
}

function stateOf({ wanted, ready, unfinished }: Workload): string {
  return unfinished ?? `done, ${ready} of ${wanted}`;
}

function tableOf(workloads: readonly Workload[]): string {
  const rows = workloads.map((one) => [one.name, one.kind, `${one.ready}/${one.wanted}`, one.unfinished ?? "done"]);
  return columns([["NAME", "KIND", "READY", "STATE"], ...rows]).join("\n");
}
