import { formatDuration } from "../../core/duration.ts";
import { escapeMarkdown } from "../../core/summary.ts";
import { countOf } from "../../validate/changes/compare.ts";
import type { Report } from "./report.ts";

/** What came out of a run, on one line of Markdown. */
export function headlineOf({ release, status, revision, milliseconds, changes }: Report): string {
  if (release === "") return "❌ The deploy failed";
  const name = escapeMarkdown(release);
  switch (status) {
    case "failed":
      return `❌ ${name} failed`;
    case "rolled-back":
      return `↩️ ${name} was rolled back`;
    case "superseded":
      return `⏭️ ${name} was left to a newer run`;
    case "held":
      return `⏸️ ${name} is held`;
    case "planned":
      return `📝 ${name} would change: ${countOf(changes?.objects ?? []) || "nothing"}`;
    case "unchanged":
      return `✅ ${name} is live already, revision ${revision}`;
    case "deployed":
      return `✅ ${name} is live after ${formatDuration(milliseconds)}`;
  }
}
