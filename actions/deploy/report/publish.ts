import { basename, dirname } from "node:path";
import type { Context } from "../../core/context.ts";
import { writePrivateFile } from "../../core/files.ts";
import type { Deployed } from "../deployed.ts";
import { setDeployOutputs } from "../outputs.ts";
import type { Journal } from "./journal.ts";
import { plainText } from "./plain.ts";
import { type Outcome, type Report, reportOf } from "./report.ts";
import { renderSummary } from "./summary.ts";
import { mapTexts } from "./texts.ts";

/**
 * Tells what a run came to: in the job's summary, at the end of its log, as outputs, and as a file that later steps of the
 * job can keep. Nothing registered as a secret is in any of them.
 */
async function publish(journal: Journal, outcome: Outcome, context: Context): Promise<Report> {
  const { runner, masker, run } = context;
  // Text by text, before anything is quoted: a secret that is escaped would not be found.
  const report = mapTexts(await reportOf(journal, outcome, run), masker.redact);
  runner.summarize(renderSummary(report));
  runner.verbatim(plainText(report));
  runner.setOutput("report", await writeReport(report, context));
  setDeployOutputs(runner, report);
  return report;
}

/** Does the work of a run and publishes what it came to, also when it throws. */
export async function published<T extends { readonly deployed: Deployed }>(
  journal: Journal,
  context: Context,
  work: () => Promise<T>,
): Promise<T> {
  const outcome = await work().then(
    (result) => ({ result }),
    (failure: unknown) => ({ failure }),
  );
  if ("failure" in outcome) {
    await publish(journal, outcome, context);
    throw outcome.failure;
  }
  const { deployed } = outcome.result;
  await publish(journal, { deployed, failure: deployed.failure }, context);
  return outcome.result;
}

/** Beside the step's own folder, which its post step removes: the runner empties the parent when the job ends. */
async function writeReport(report: Report, { folder }: Context): Promise<string> {
  return await writePrivateFile(
    dirname(folder),
    `${basename(folder)}-report.json`,
    `${JSON.stringify(report, null, 2)}\n`,
  );
}
