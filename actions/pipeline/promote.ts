import { openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { invalidInputs, type Parse } from "../core/inputs.ts";
import type { Images } from "../deploy/images.ts";
import { listRevisions, readImagesOf } from "../deploy/releases/read.ts";
import type { Revision, RunMark } from "../deploy/releases/revision.ts";
import type { Application } from "../validate/application.ts";

/** Which environment's images are taken over. */
export interface Promotion {
  readonly environment: string;
  /** Also those that were made from another commit. */
  readonly anyCommit: boolean;
}

/** Reads `staging` or `staging@any`. */
export const promotion: Parse<Promotion> = (value) => {
  const [, environment, suffix] = /^([^@\s]+)(@any)?$/.exec(value) ?? [];
  if (environment === undefined) throw new Error(`is "${value}", but must be an environment, or one with @any`);
  return { environment, anyCommit: suffix !== undefined };
};

/** An application in the environment that images are taken from, and in the one that they go to. */
export interface Promoted {
  readonly from: Pick<Application, "environment" | "release" | "namespace">;
  readonly to: Pick<Application, "environment" | "components">;
}

/** @throws FairleadError INPUT_INVALID when an environment is to be promoted to itself. */
export function checkDirection({ from, to }: Promoted): void {
  if (from.environment !== to.environment) return;
  throw invalidInputs([`\`promote\` is ${from.environment}, which is what is deployed: name another environment`]);
}

/**
 * The images of the newest verified revision in another environment, for the components of this one.
 *
 * @throws FairleadError PROMOTION_REFUSED when there is no such revision, when it was made from another commit (unless any
 *   will do), or when its images are not what a deploy of this environment needs.
 */
export async function promotedImages(
  promoted: Promoted,
  { anyCommit }: Promotion,
  { kubeconfig, proxy }: { readonly kubeconfig: string; readonly proxy: string | undefined },
  context: Context,
): Promise<Images> {
  const { masker, signal, run, runner } = context;
  const { namespace, release, environment } = promoted.from;
  const cluster = await openCluster({ kubeconfig, proxy, masker, signal });
  const revisions = await listRevisions(cluster, namespace, release);
  const { number, mark } = chooseRevision(revisions, promoted, anyCommit ? undefined : run.commit);
  const images = imagesFor(promoted, number, await readImagesOf(cluster, namespace, release, number));
  runner.info(`Promoted from ${environment}: ${release} revision ${number}, made ${madeFrom(mark)}`);
  return images;
}

/**
 * The newest verified revision, and the run that made what it holds.
 *
 * @param commit the one that it must be made from; undefined for any.
 */
export function chooseRevision(
  revisions: readonly Revision[],
  { from: { environment, release, namespace } }: Promoted,
  commit: string | undefined,
): { number: number; mark: RunMark | undefined } {
  const where = `${release} in namespace ${namespace}`;
  if (revisions.length === 0) {
    throw refused(`There is no release ${where}.`, `Deploy to ${environment} first.`);
  }
  const newest = revisions.find(({ verified }) => verified);
  if (newest === undefined) {
    const message = `None of the ${revisions.length} revisions of ${where} was seen healthy.`;
    throw refused(message, `Deploy to ${environment} first, until it is healthy there.`);
  }
  const { madeBy: mark } = newest;
  if (commit !== undefined && mark?.commit !== commit) {
    throw refused(
      `The newest verified revision of ${where}, ${newest.number}, was made ${madeFrom(mark)}, not from commit ${short(commit)}.`,
      `Deploy this commit to ${environment} first, or take what is there with \`promote: ${environment}@any\`.`,
    );
  }
  return { number: newest.number, mark };
}

/** `from commit 1a2b3c4 by run 12 of acme/web (Deploy)`. */
function madeFrom(mark: RunMark | undefined): string {
  if (mark === undefined) return "by a run that is not known";
  return `from commit ${short(mark.commit)} by run ${mark.number} of ${mark.repository} (${mark.workflow})`;
}

/** The images of the components that are deployed here; a component that this environment leaves out needs none. */
export function imagesFor({ from, to }: Promoted, number: number, stored: Images): Images {
  const built = Object.keys(to.components).filter((name) => to.components[name]?.build !== undefined);
  const missing = built.filter((name) => stored[name] === undefined);
  const which = `Revision ${number} of ${from.release}`;
  if (missing.length > 0) {
    const has = Object.keys(stored).join(", ") || "none";
    throw refused(
      `${which} has no image for ${missing.join(", ")}, which ${to.environment} deploys (it has: ${has}).`,
      `Let ${from.environment} have the same components, or deploy without \`promote\`.`,
    );
  }
  const wanted = Object.entries(stored).filter(([name]) => name in to.components);
  const floating = wanted.filter(([, image]) => !/@sha256:[0-9a-f]{64}$/.test(image));
  if (floating.length > 0) {
    throw refused(
      `${which} was deployed by tag (${floating.map(([, image]) => image).join(", ")}), which may be another image by now.`,
      `Deploy to ${from.environment} by digest, as this action does when it builds.`,
    );
  }
  return Object.fromEntries(wanted);
}

function short(commit: string): string {
  return commit.slice(0, 7);
}

function refused(message: string, fix: string): FairleadError {
  return new FairleadError({ code: "PROMOTION_REFUSED", message, fix });
}
