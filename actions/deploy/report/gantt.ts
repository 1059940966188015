import { formatDuration } from "../../core/duration.ts";
import type { Stage } from "./journal.ts";

const tags = { succeeded: "done", failed: "crit", stopped: "active" };

/**
 * The stages as a Mermaid chart; GitHub draws it. Times are clock times from midnight: as milliseconds since 1970 the axis
 * would be moved by the reader's time zone.
 */
export function gantt(stages: readonly Stage[]): string {
  const bars = stages.map(({ name, result, startedAt, milliseconds }) => {
    const label = `${name.replaceAll(/[:;#,]/g, " ")} (${formatDuration(milliseconds)})`;
    // A bar of no width is drawn as a milestone.
    return `  ${label} :${tags[result]}, ${clock(startedAt)}, ${clock(startedAt + Math.max(1, milliseconds))}`;
  });
  const end = Math.max(0, ...stages.map(({ startedAt, milliseconds }) => startedAt + milliseconds));
  const axis = ["dateFormat HH:mm:ss.SSS", "axisFormat %M:%S", `tickInterval ${tickOf(end)}`];
  return ["```mermaid", "gantt", ...axis.map((line) => `  ${line}`), ...bars, "```", ""].join("\n");
}

/** The step of the axis that leaves room for its labels. */
function tickOf(milliseconds: number): string {
  if (milliseconds <= 20_000) return "1second";
  return milliseconds <= 240_000 ? "10second" : "1minute";
}

/** Milliseconds as a time of the day. */
function clock(milliseconds: number): string {
  return new Date(Math.round(milliseconds)).toISOString().slice(11, 23);
}
