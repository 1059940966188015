import { formatDuration } from "../core/duration.ts";
import { code, escapeMarkdown, link, type Row, table } from "../core/summary.ts";
import type { Deployed } from "../deploy/run.ts";
import type { StageResult } from "./stages.ts";

/** What the summary of a run tells. */
export interface Report {
  readonly title: string;
  readonly stages: readonly StageResult[];
  /** `repository@digest` by component; empty when no image was made. */
  readonly images: Readonly<Record<string, string>>;
  readonly deployed?: Deployed;
  /** One sentence when the run failed. */
  readonly problem?: string;
}

const marks = { succeeded: "✅ succeeded", failed: "❌ failed", stopped: "⏹️ stopped" };

/** The job summary: what is live, then what each stage did and how long it took. */
export function renderSummary({ title, stages, images, deployed, problem }: Report): string {
  const facts: Row[] = Object.entries(images).map(([component, image]) => [`Image of ${component}`, code(image)]);
  if (deployed !== undefined) {
    const { release, namespace, revision, previousRevision, status, url } = deployed;
    facts.push(["Release", code(release)], ["Namespace", code(namespace)]);
    facts.push(["Revision", `${revision}${previousRevision > 0 ? ` (before: ${previousRevision})` : ""}`]);
    facts.push(["Status", status], ["Address", link(url, url)]);
  }
  const rows = stages.map(({ name, result, startedAt, milliseconds }): Row => {
    return [name, marks[result], `+${formatDuration(startedAt)}`, formatDuration(milliseconds)];
  });
  return [
    `### ${title}`,
    ...(problem === undefined ? [] : ["", `> ${escapeMarkdown(problem)}`]),
    ...(facts.length === 0 ? [] : [table(["What", "Value"], facts)]),
    table(["Stage", "Result", "Start", "Time"], rows),
  ].join("\n");
}
