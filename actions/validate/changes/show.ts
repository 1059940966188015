import type { Context } from "../../core/context.ts";
import { FairleadError, messageOf } from "../../core/errors.ts";
import type { Helm } from "../../core/helm.ts";
import { oneLine } from "../problem.ts";
import type { Rendered, Rules } from "../validate.ts";
import { deletedSince } from "./base.ts";
import { warningsOf } from "./compare.ts";
import { createHider } from "./hide.ts";
import { changesAsJson, headlineOf, limitDiffs, summarizeChanges } from "./report.ts";
import { type Changes, compareWithBase, type EnvironmentChanges } from "./run.ts";

/**
 * Shows in the log, the summary and annotations what changes against a base, and gives it as JSON. That there is nothing
 * to compare with is a notice and never a failure; the JSON is empty then.
 *
 * @param patterns the manifests that are checked; those that were there in the base are looked for by them.
 */
export async function showChanges(
  ref: string,
  patterns: readonly string[],
  rendered: readonly Rendered[],
  rules: Rules,
  context: Context,
  openHelm: () => Promise<Helm>,
): Promise<string> {
  const { run, runner, masker } = context;
  const isMerge = run.event === "pull_request" && ref === run.baseRef;
  const wanted = { ref, fetch: true, ...(isMerge ? { mergeCommit: run.commit } : {}) };
  let changes: Changes;
  try {
    const found = await compareWithBase(rendered, rules, wanted, context, openHelm);
    const deleted = await deletedSince(found.commit, patterns, context.workspace, context);
    const gone = deleted.map((file) => `${file} is gone; what is deployed of it stays until it is removed.`);
    changes = limitDiffs({ ...found, notes: [...found.notes, ...gone] });
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (!(thrown instanceof FairleadError)) throw thrown;
    runner.annotate("notice", oneLine(masker.redact(whyNotCompared(ref, thrown))), "No diff");
    return "";
  }
  for (const one of changes.environments) {
    runner.info(oneLine(`${one.manifest.file}: ${headlineOf(one)}`));
    await warn(one, context);
  }
  runner.summarize(masker.redact(summarizeChanges(changes)));
  return masker.redact(changesAsJson(changes));
}

async function warn(changes: EnvironmentChanges, { runner, masker }: Context): Promise<void> {
  const warnings = warningsOf(changes);
  if (warnings.length === 0) return;
  const { manifest, environment } = changes;
  const { spanOf } = await manifest.document();
  const place = { file: manifest.file, ...spanOf(["environments", environment], "key") };
  runner.annotate("warning", oneLine(masker.redact(`${warnings.join("; ")}.`)), `Changes of ${environment}`, place);
}

/** Why nothing could be compared, in a sentence, with what to do about it. */
function whyNotCompared(ref: string, thrown: unknown): string {
  // An address with a token in it is part of what git says.
  const reason = createHider().text(messageOf(thrown)).replace(/\.$/, "");
  const fix = "give the checkout step `fetch-depth: 0`, or let it keep its credentials";
  return `What changes against ${ref} is not shown: ${reason}. To see it, ${fix}.`;
}
