import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { readContentOf } from "../releases/read.ts";
import type { Deploy } from "../rollout.ts";
import type { ReleaseChanges } from "./changes.ts";

/**
 * What a deploy changes against an earlier revision of its release; without one all of it is new. Never rejects: the deploy
 * does not depend on it, so what keeps it from being known is only told.
 */
export async function changesSince(deploy: Deploy, revision: number | undefined): Promise<ReleaseChanges | undefined> {
  const { cluster, application, rendered, source, context } = deploy;
  const { namespace, release } = application;
  try {
    const [{ compareRelease }, before, chart] = await Promise.all([
      // What compares brings a reader of YAML and a diff along, which most of a deploy needs not wait for.
      import("./changes.ts"),
      revision === undefined ? undefined : readContentOf(cluster, namespace, release, revision),
      chartVersion(source.chart),
    ]);
    const compared = before === undefined || revision === undefined ? undefined : { revision, ...before };
    return await compareRelease({ application, rendered, chart, before: compared });
  } catch (thrown) {
    context.runner.debug(`What changes is not known: ${context.masker.redact(messageOf(thrown))}`);
    return undefined;
  }
}

/** The version that a chart's folder states. */
async function chartVersion(chart: string): Promise<string> {
  const text = await readFile(join(chart, "Chart.yaml"), "utf8");
  return /^version:\s*["']?([^\s"']+)/m.exec(text)?.[1] ?? "";
}

/** Tells what fails while a deploy is made, as soon as that is known: the deploy does not wait for it. */
export function tellGaps({ context }: Pick<Deploy, "context">, changes: ReleaseChanges | undefined): void {
  for (const gap of changes?.gaps ?? []) {
    context.runner.annotate("warning", context.masker.redact(`${gap}.`), "Requests fail for a while");
  }
}

/** Tells what a deploy leaves behind and nobody removes: records of hosts, volumes, whole namespaces. */
export function tellLost({ context }: Pick<Deploy, "context">, changes: ReleaseChanges | undefined): void {
  for (const warning of changes?.warnings ?? []) {
    context.runner.annotate("notice", context.masker.redact(`${warning}.`), "Left behind");
  }
}
