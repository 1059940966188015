import { timeOf } from "../tracking/snapshot.ts";
import type { ApplyMethod, SecretMetadata } from "./secret.ts";

/** One revision of a release, as Helm keeps it in a Secret. */
export interface Revision {
  readonly number: number;
  /** `deployed`, `superseded`, `failed`, `pending-upgrade`, … */
  readonly status: string;
  /** Whether fairlead made this revision, and whether it saw it healthy. */
  readonly ours: boolean;
  readonly verified: boolean;
  /** When Helm began with it, milliseconds since 1970 by the cluster's clock. */
  readonly createdAt: number;
  /** The run that made it, when fairlead did. */
  readonly madeBy: RunMark | undefined;
  /** What Helm says of it; read for the newest revision, and where the choice of a baseline hangs on it. */
  readonly words?: RevisionWords;
}

/** What stands in the document of a revision only, which holds the whole release and may have a mebibyte. */
export interface RevisionWords {
  readonly description: string;
  readonly applyMethod: ApplyMethod;
  /** The environment that its manifest was resolved for; absent for what was not made from a manifest. */
  readonly environment?: string | undefined;
  /** Its objects as Helm rendered them, without its hooks. */
  readonly rendered: string;
}

/** A workflow run as a revision remembers it. */
export interface RunMark {
  readonly repository: string;
  readonly workflow: string;
  readonly number: number;
  readonly commit: string;
}

/** The status of a release that Helm removes. */
const uninstalling = "uninstalling";

/** Labels by which fairlead knows its revisions. Helm copies labels into the next revision, hence the numbers. */
const revisionLabel = "fairlead-revision";
const verifiedLabel = "fairlead-verified";
const runAnnotation = "fairlead/run";

/** The labels that a revision is applied with. */
export function revisionLabels(number: number): Record<string, string> {
  return { [revisionLabel]: String(number) };
}

/** The labels of a revision that was seen healthy. */
export function verifiedLabels(number: number): Record<string, string> {
  return { ...revisionLabels(number), [verifiedLabel]: String(number) };
}

/** The annotations that say by which run a revision was made. */
export function runOf(run: RunMark): Record<string, string> {
  return { [runAnnotation]: JSON.stringify(run) };
}

/** A revision from the Secret that Helm keeps it in. */
export function toRevision({
  metadata: { labels = {}, annotations = {}, creationTimestamp } = {},
}: SecretMetadata): Revision {
  const number = labels["version"] ?? "0";
  const status = labels["status"] ?? "unknown";
  return {
    number: Number(number),
    status,
    ours: labels[revisionLabel] === number,
    verified: labels[verifiedLabel] === number,
    // An uninstall works on a revision that was made before; Helm stamps what it writes over.
    createdAt: status === uninstalling ? Number(labels["modifiedAt"] ?? 0) * 1_000 : timeOf(creationTimestamp),
    madeBy: parseMark(annotations[runAnnotation]),
  };
}

/** People can edit annotations; one that is no mark any more counts as none. */
function parseMark(text: string | undefined): RunMark | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The revision that a failed deploy goes back to: the newest that was verified; where there is none, the newest that
 * fairlead did not make and that Helm finished. A revision of a run that was lost is neither.
 */
export function baselineOf(revisions: readonly Revision[]): Revision | undefined {
  const newestFirst = [...revisions].sort((left, right) => right.number - left.number);
  const foreign = newestFirst.filter((revision) => !revision.ours);
  return (
    newestFirst.find((revision) => revision.verified) ??
    foreign.find((revision) => revision.status === "deployed") ??
    foreign.find(
      ({ status, words }) =>
        status === "superseded" && /^(Install complete|Upgrade complete|Rollback to)/.test(words?.description ?? ""),
    )
  );
}

/** Whether Helm began with a revision, or to remove it, and has not ended, or was killed. */
export function isPending({ status }: Revision): boolean {
  return status.startsWith("pending-") || status === uninstalling;
}
