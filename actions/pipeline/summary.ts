import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { code, details, escapeMarkdown, link, type Row, table } from "../core/summary.ts";
import type { Deployed } from "../deploy/run.ts";
import type { StageResult } from "./stages.ts";

/** What the summary of a run tells. */
export interface Report {
  readonly stages: readonly StageResult[];
  /** `repository@digest` by component; absent when no image was made. */
  readonly images?: Readonly<Record<string, string>>;
  /** Absent when the run failed before or while the release was applied. */
  readonly deployed?: Deployed;
  /** What was thrown when the run failed. */
  readonly failure?: unknown;
}

const marks = { succeeded: "✅ succeeded", failed: "❌ failed", stopped: "⏹️ stopped" };

/** The job summary: what serves now, why it failed if it did, then what each stage did and how long it took. */
export function renderSummary({ stages, images = {}, deployed, failure }: Report): string {
  const facts = deployed === undefined ? [] : factsOf(deployed, images);
  const rows = stages
    .toSorted((one, other) => one.startedAt - other.startedAt)
    .map(({ name, result, startedAt, milliseconds }): Row => {
      return [name, marks[result], `+${formatDuration(startedAt)}`, formatDuration(milliseconds)];
    });
  return [
    `### ${headline(deployed, stages)}`,
    ...(failure === undefined ? [] : [problem(failure)]),
    ...(facts.length === 0 ? [] : [table(["What", "Value"], facts)]),
    table(["Stage", "Result", "Start", "Time"], rows),
  ].join("\n");
}

function headline(deployed: Deployed | undefined, stages: readonly StageResult[]): string {
  if (deployed === undefined) return "❌ The deploy failed";
  const { release, status } = deployed;
  const name = escapeMarkdown(release);
  if (status === "failed") return `❌ ${name} failed`;
  if (status === "rolled-back") return `↩️ ${name} was rolled back`;
  if (status === "superseded") return `⏭️ ${name} was left to a newer run`;
  if (status === "held") return `⏸️ ${name} is held`;
  const end = Math.max(0, ...stages.map(({ startedAt, milliseconds }) => startedAt + milliseconds));
  return `✅ ${name} is live after ${formatDuration(end)}`;
}

/** The sentence of a failure, and its evidence folded away below it. */
function problem(failure: unknown): string {
  const known = failure instanceof FairleadError ? failure : undefined;
  const evidence = known?.details === undefined ? "" : details("What was seen", known.details.trimEnd());
  return `\n> ${escapeMarkdown(known?.sentence ?? messageOf(failure))}\n${evidence}`;
}

function factsOf(deployed: Deployed, images: Readonly<Record<string, string>>): Row[] {
  const { release, namespace, url, status } = deployed;
  const several = Object.keys(images).length > 1;
  const label = status === "failed" || status === "rolled-back" ? "Image that failed" : "Image";
  return [
    ["Address", link(url, url)],
    ...Object.entries(images).map(([name, image]): Row => [several ? `${label}, ${name}` : label, code(image)]),
    ["Release", code(release)],
    ["Namespace", code(namespace)],
    ["Revision", revisionOf(deployed)],
  ];
}

function revisionOf({ revision, previousRevision, status }: Deployed): string {
  if (revision === 0) return "none";
  if (status === "rolled-back") return `${revision} (revision ${previousRevision} again)`;
  return previousRevision > 0 && previousRevision !== revision
    ? `${revision} (before: ${previousRevision})`
    : `${revision}`;
}
