import { code, details, escapeMarkdown, type Markdown, table } from "../../core/summary.ts";
import { countOf, type ObjectChange, warningsOf } from "./compare.ts";
import type { Changes, EnvironmentChanges } from "./run.ts";

/** Characters of diffs in a summary or an output; GitHub takes 1 MiB of each. */
const mostTogether = 400_000;
/** Of one object. */
const mostOfOne = 40_000;
const mostKeysOfOne = 100;
/** Keys in the table; the rest is in the diff. */
const mostKeys = 5;

/** Changes whose diffs and lists of keys are cut to what GitHub takes. */
export function limitDiffs(changes: Changes): Changes {
  let left = mostTogether;
  const cut = (object: ObjectChange): ObjectChange => {
    const diff = cutDiff(object.diff, Math.min(left, mostOfOne));
    left -= diff.length;
    return { ...object, diff, keys: object.keys.slice(0, mostKeysOfOne) };
  };
  const environments = changes.environments.map((one) => ({ ...one, objects: one.objects.map(cut) }));
  return { ...changes, environments };
}

function cutDiff(diff: string, limit: number): string {
  if (diff.length <= limit) return diff;
  const shown = diff.slice(0, diff.lastIndexOf("\n", limit) + 1);
  const rest = diff.slice(shown.length).trimEnd().split("\n").length;
  return `${shown}@@ ${rest} more lines @@\n`;
}

/** What the output `diff` holds: an array with one entry for each environment that differs. */
export function changesAsJson({ environments }: Changes): string {
  return JSON.stringify(environments.map(({ manifest, ...rest }) => ({ manifest: manifest.file, ...rest })));
}

/** The changes as a part of the job summary. */
export function summarizeChanges({ ref, commit, environments, notes }: Changes): string {
  const several = new Set(environments.map(({ manifest }) => manifest)).size > 1;
  return [
    `### Changes against ${code(ref).markdown} (${code(commit.slice(0, 7)).markdown})`,
    ...(environments.length + notes.length === 0 ? ["", "Nothing changes in any environment."] : []),
    ...environments.map((one) => summarizeEnvironment(one, several)),
    ...notes.map((note) => `\n${escapeMarkdown(note)}`),
    "",
  ].join("\n");
}

/** What heads the changes of an environment, as `prod: 2 changed`. */
export function headlineOf({ environment, state, objects }: EnvironmentChanges): string {
  if (state === "gone") return `${environment}: no longer declared; what is deployed stays until it is removed`;
  return `${environment}: ${state === "new" ? "a new environment, " : ""}${countOf(objects)}`;
}

function summarizeEnvironment(changes: EnvironmentChanges, withFile: boolean): string {
  const { objects, manifest } = changes;
  const where = withFile ? ` (${code(manifest.file).markdown})` : "";
  const warnings = warningsOf(changes).map((warning) => `- **Mind:** ${escapeMarkdown(warning)}`);
  const namespaces = new Set(objects.map(({ namespace }) => namespace).filter((namespace) => namespace !== ""));
  const head = ["Object", "Change", "Effect", "What differs"];
  const rows = objects.map((object) => [
    code(nameOf(object, namespaces.size > 1)),
    object.change,
    object.effects.map(({ text }) => text).join(", "),
    keysOf(object),
  ]);
  return [
    `\n#### ${escapeMarkdown(headlineOf(changes))}${where}\n`,
    ...warnings,
    ...(objects.length === 0 ? [] : [table(head, rows), diffsOf(changes)]),
  ].join("\n");
}

/** How an object is called; with its namespace where there are several. */
export function nameOf({ kind, name, namespace }: ObjectChange, withNamespace: boolean): string {
  return `${kind}/${name}${withNamespace && namespace !== "" ? ` in ${namespace}` : ""}`;
}

function keysOf({ keys }: ObjectChange): Markdown {
  const shown = keys.slice(0, mostKeys).map(({ path, values }) => {
    const label = code(path).markdown;
    return values === "" ? label : `${label} ${code(values).markdown}`;
  });
  const more = keys.length > mostKeys ? [`and ${keys.length - mostKeys} more`] : [];
  return { markdown: [...shown, ...more].join("<br>") };
}

function diffsOf({ environment, objects }: EnvironmentChanges): string {
  const diffs = objects.map(({ diff }) => diff.trimEnd()).filter((diff) => diff !== "");
  return details(`Diff of ${environment}`, diffs.join("\n"), "diff");
}
