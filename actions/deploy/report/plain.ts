import { columns } from "../../core/columns.ts";
import { formatDuration } from "../../core/duration.ts";
import { countOf } from "../../validate/changes/compare.ts";
import type { Report } from "./report.ts";

/** Lines of a diff in the log; all of it is in the summary. */
const mostDiffLines = 400;

/** The report as the log ends with it: the same as the summary in plain lines, for those who read no summary. */
export function plainText(report: Report): string[] {
  return [
    ...evidenceOf(report),
    ...changesOf(report),
    ...section(
      "Checks",
      report.checks.map(({ name, outcome, said, milliseconds }) => {
        return `${name}: ${outcome}${said === "" ? "" : `, ${said}`} (${formatDuration(milliseconds)})`;
      }),
    ),
    ...section(
      "Stages",
      columns(
        report.stages.map(({ name, result, startedAt, milliseconds }) => {
          return [name, result, `+${formatDuration(startedAt)}`, formatDuration(milliseconds)];
        }),
      ),
    ),
    ...section("Result", columns(factsOf(report))),
    ...section(
      "What to run next",
      report.next.map(({ what, command }) => `${command}  # ${what}`),
    ),
  ];
}

function factsOf(report: Report): string[][] {
  const { status, release, namespace, environment, url, revision, previousRevision } = report;
  const facts = [
    ["status", status],
    ["reason", report.reason],
    ["release", release],
    ["namespace", namespace],
    ["environment", environment],
    ...report.images.map(({ component, before, after }) => {
      return [`image of ${component}`, before === "" || before === after ? after : `${after}, before: ${before}`];
    }),
    ["revision", release === "" ? "" : `${revision || "none"}, before: ${previousRevision || "none"}`],
    ["address", url],
    ["time", formatDuration(report.milliseconds)],
  ];
  return facts.filter(([, value]) => value !== "");
}

function evidenceOf({ evidence, details }: Report): string[] {
  if (evidence === undefined) return section("What was seen", details === "" ? [] : details.trimEnd().split("\n"));
  const { hints, pods, logs, events, nodes } = evidence;
  return [
    ...logs.flatMap(({ title, text }) => section(title, text.trimEnd().split("\n"))),
    ...section("Events", events),
    ...section("Pods", pods),
    ...section("Nodes", nodes),
    ...section("Advice", hints),
  ];
}

function changesOf({ changes, status }: Report): string[] {
  if (changes === undefined || (changes.against === 0 && status !== "planned")) return [];
  const { objects, against, chart, gaps, warnings, diff } = changes;
  const lines = objects.map(({ kind, name, change, effects, keys }) => {
    return [`${kind}/${name} ${change}`, effects.join(", "), keys.join(", ")].filter((part) => part !== "").join(": ");
  });
  const version = chart.before === chart.after || against === 0 ? "" : `, chart ${chart.before} → ${chart.after}`;
  const since = against === 0 ? "Changes, all of it new" : `Changes since revision ${against}`;
  return [
    ...section(`${since} (${countOf(objects) || "none"}${version})`, [
      ...lines,
      ...[...gaps, ...warnings].map((one) => `mind: ${one}`),
    ]),
    ...(status === "planned" ? section("Diff", shortened(diff)) : []),
  ];
}

function shortened(diff: string): string[] {
  const lines = diff === "" ? [] : diff.split("\n");
  const rest = lines.length - mostDiffLines;
  return rest <= 0 ? lines : [...lines.slice(0, mostDiffLines), `… and ${rest} more lines, in the summary`];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}
