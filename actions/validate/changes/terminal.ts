import { type Paint, printable } from "../terminal.ts";
import { warningsOf } from "./compare.ts";
import { headlineOf, nameOf } from "./report.ts";
import type { Changes, EnvironmentChanges } from "./run.ts";

/** The changes as a terminal shows them: what each of them does, then the diff. */
export function renderChanges({ ref, commit, environments, notes }: Changes, paint: Paint): string {
  const against = `against ${ref} (${commit.slice(0, 7)})`;
  if (environments.length === 0) return notes.length > 0 ? "" : `Nothing changes ${against}.`;
  return environments.map((one) => renderEnvironment(one, against, paint)).join("\n\n");
}

function renderEnvironment(changes: EnvironmentChanges, against: string, paint: Paint): string {
  const warnings = warningsOf(changes).map((warning) => `${paint("yellow", "warning")}: ${printable(warning)}`);
  const several = new Set(changes.objects.map(({ namespace }) => namespace)).size > 1;
  const objects = changes.objects.map((object) => {
    const effects = object.effects.map(({ text }) => text).join(", ");
    const headline = `${nameOf(object, several)} ${object.change}${effects === "" ? "" : `: ${effects}`}`;
    return `${paint("bold", printable(headline))}\n${paintDiff(object.diff, paint)}`;
  });
  return [paint("bold", printable(`${headlineOf(changes)} ${against}`)), ...warnings, "", objects.join("\n\n")].join(
    "\n",
  );
}

function paintDiff(diff: string, paint: Paint): string {
  const lines = diff.trimEnd().split("\n").map(printable);
  return lines.map((line) => paintLine(line, paint)).join("\n");
}

function paintLine(line: string, paint: Paint): string {
  if (line.startsWith("@@")) return paint("cyan", line);
  if (line.startsWith("+")) return paint("green", line);
  return line.startsWith("-") ? paint("red", line) : line;
}
