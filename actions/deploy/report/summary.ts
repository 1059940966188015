import { formatDuration } from "../../core/duration.ts";
import { code, details, escapeMarkdown, link, type Markdown, type Row, table } from "../../core/summary.ts";
import { countOf } from "../../validate/changes/compare.ts";
import type { CheckResult } from "../verify/check.ts";
import { gantt } from "./gantt.ts";
import { headlineOf } from "./headline.ts";
import type { Report } from "./report.ts";

/** Bytes that GitHub takes from one step are 1 MiB; what a step writes besides needs some of it. */
const mostBytes = 900_000;
/** Characters of one text that folds away, before anything has to be cut further. */
const mostOfOne = 200_000;

/** The job summary: what serves now, why it failed if it did and what was seen, the checks, the stages, what to run next. */
export function renderSummary(report: Report): string {
  for (let limit = mostOfOne; ; limit = Math.floor(limit / 4)) {
    const markdown = render(report, limit);
    if (Buffer.byteLength(markdown) <= mostBytes || limit === 0) return markdown;
  }
}

function render(report: Report, limit: number): string {
  const { message, release, stages, reason } = report;
  const why = message === "" && reason !== "" ? `${reason}.` : message;
  return [
    `### ${headlineOf(report)}`,
    ...(why === "" ? [] : [`\n> ${escapeMarkdown(cut(why, limit))}\n`]),
    ...(release === "" ? [] : [table(["What", "Value"], factsOf(report))]),
    ...seen(report, limit),
    ...checksOf(report),
    ...changesOf(report, limit),
    gantt(stages),
    ...nextOf(report),
  ].join("\n");
}

function factsOf(report: Report): Row[] {
  const { url, images, release, namespace, environment, commit, run, milliseconds } = report;
  const failed = report.status === "failed" || report.status === "rolled-back";
  const label = failed ? (report.evidence === undefined ? "Image, not deployed" : "Image that failed") : "Image";
  return [
    ["Address", link(url, url)],
    ...images.map((image): Row => [images.length > 1 ? `${label}, ${image.component}` : label, imageOf(image)]),
    ["Release", code(release)],
    ["Namespace", code(namespace)],
    ["Environment", environment],
    ["Revision", revisionOf(report)],
    ["Commit", link(commit.slice(0, 7), run)],
    ["Status", report.status],
    ["Duration", formatDuration(milliseconds)],
  ];
}

/** What an image is now, and its digest before where that was another. */
function imageOf({ before, after }: Report["images"][number]): Markdown {
  if (before === after || before === "") return code(after);
  const [repository, digest] = before.split("@");
  const sameRepository = digest !== undefined && after.startsWith(`${repository}@`);
  return { markdown: `${code(after).markdown}<br>before: ${code(sameRepository ? digest : before).markdown}` };
}

function revisionOf({ revision, previousRevision, status }: Report): string {
  if (revision === 0) return "none";
  if (status === "rolled-back") return `${revision} (revision ${previousRevision} again)`;
  return previousRevision > 0 && previousRevision !== revision
    ? `${revision} (before: ${previousRevision})`
    : `${revision}`;
}

/** The evidence of a fault: advice at once, all else folded away. */
function seen({ evidence, details: others }: Report, limit: number): string[] {
  const folded = (heading: string, text: string) => (text === "" ? [] : [details(heading, cutStart(text, limit))]);
  if (evidence === undefined) return folded("What was seen", others.trimEnd());
  const { hints, pods, logs, events, nodes } = evidence;
  return [
    ...hints.map((hint) => `- **Advice:** ${escapeMarkdown(hint)}`),
    ...logs.flatMap(({ title, text }) => folded(title, text.trimEnd())),
    ...folded("Events", events.join("\n")),
    ...folded("Pods", pods.join("\n")),
    ...folded("Nodes", nodes.join("\n")),
  ];
}

const outcomes: Readonly<Record<CheckResult["outcome"], string>> = {
  passed: "✅ passed",
  failed: "❌ failed",
  warned: "⚠️ failed, optional",
  unknown: "❔ left open",
  stopped: "⏹️ not finished, because another failed",
};

function checksOf({ checks }: Report): string[] {
  if (checks.length === 0) return [];
  const rows = checks.map(({ name, outcome, said, milliseconds }): Row => {
    return [name, outcomes[outcome], formatDuration(milliseconds), cut(said, 1_000)];
  });
  return ["#### Checks", table(["Check", "Result", "Time", "What was seen"], rows)];
}

/** Objects in the table, and keys of one; what is more is counted. */
const mostObjects = 50;
const mostKeys = 8;

function changesOf({ changes, status }: Report, limit: number): string[] {
  if (changes === undefined || changes.objects.length === 0 || changes.against === 0) {
    return changes === undefined || status !== "planned" ? [] : diffOf(changes, limit);
  }
  const { objects, against, chart, gaps, warnings } = changes;
  const rows = objects.slice(0, mostObjects).map(({ kind, name, change, effects, keys }): Row => {
    return [code(`${kind}/${name}`), change, effects.join(", "), listed(keys, mostKeys)];
  });
  const more = objects.length > mostObjects ? [`and ${objects.length - mostObjects} more objects\n`] : [];
  const version = chart.before === chart.after ? "" : `, chart ${chart.before} → ${chart.after}`;
  return [
    `#### Changes since revision ${against}: ${countOf(objects)}${version}`,
    ...[...gaps, ...warnings].map((warning) => `\n- **Mind:** ${escapeMarkdown(warning)}`),
    table(["Object", "Change", "Effect", "Keys"], rows),
    ...more,
    ...(status === "planned" ? diffOf(changes, limit) : []),
  ];
}

function diffOf({ diff }: NonNullable<Report["changes"]>, limit: number): string[] {
  return diff === "" ? [] : [details("Diff", cut(diff, limit), "diff")];
}

function listed(keys: readonly string[], most: number): Markdown {
  const shown = keys.slice(0, most).map((key) => code(key).markdown);
  const more = keys.length > most ? [`and ${keys.length - most} more`] : [];
  return { markdown: [...shown, ...more].join("<br>") };
}

function nextOf({ next }: Report): string[] {
  if (next.length === 0) return [];
  const commands = next.map(({ what, command }) => `# ${what}\n${command}`);
  return ["#### What to run next\n", "```sh", ...commands, "```", ""];
}

/** The beginning of a text that is too long. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

/** The end of a text that is too long: of a log the last lines tell most. */
function cutStart(text: string, limit: number): string {
  return text.length <= limit ? text : `…${limit === 0 ? "" : text.slice(-limit)}`;
}
