import { FairleadError, messageOf } from "../../core/errors.ts";
import { collectEvidence } from "../../deploy/evidence/collect.ts";
import { handOver } from "../../deploy/handover/handover.ts";
import { takeBack } from "../../deploy/handover/take-back.ts";
import type { Lock } from "../../deploy/lock/keep.ts";
import { writeHold } from "../../deploy/lock/lease.ts";
import { serving } from "../../deploy/recovery/serving.ts";
import { keepMark, markFailed, markVerified } from "../../deploy/releases/mark.ts";
import { listRevisions } from "../../deploy/releases/read.ts";
import { baselineOf, isPending, type Revision } from "../../deploy/releases/revision.ts";
import { createJournal } from "../../deploy/report/journal.ts";
import { remaining, type Watching, watch } from "../../deploy/rollout.ts";
import type { Fault } from "../../deploy/tracking/faults/fault.ts";
import type { Snapshot } from "../../deploy/tracking/snapshot.ts";
import type { CheckResult } from "../../deploy/verify/check.ts";
import { verify } from "../../deploy/verify/verify.ts";
import { evidenceOf } from "../evidence.ts";
import { historyOf, refreshed } from "../history.ts";
import { applicationOf, contentOf, failed, type Operation, openWatching, refused, whoAndWhen } from "../operation.ts";
import type { Outcome } from "../outcome.ts";
import { checkSection } from "../status/checks.ts";
import { sayHold } from "./hold.ts";

/**
 * Brings an earlier revision back as a new one, watches it, and makes the checks that it was deployed with. Deploys are kept
 * away from then on, also when it does not become healthy, unless the input `hold` says otherwise.
 *
 * @throws FairleadError OPERATION_REFUSED when there is no such revision, or it cannot be one to go back to.
 */
export async function rollback(operation: Operation, lock: Lock): Promise<Outcome> {
  const { cluster, helm, context } = operation;
  const target = await targetOf(operation);
  const content = await contentOf(operation, target);
  // What is checked is what this revision was made from; the manifest in the checkout is newer.
  const application = (await applicationOf(content, helm, context)) ?? operation.application;
  const held = operation.inputs.hold ? await holdFor(operation, target) : "";
  const { release, namespace } = application;
  using watching = await openWatching({ ...operation, application });
  await lock.confirm();
  context.runner.info(`${release} goes back to revision ${target.number}`);
  let forced = "";
  try {
    const say = (line: string) => context.runner.info(line);
    if (content !== undefined) await handOver(cluster, application, { ...content, way: "rollback" }, say);
    forced = await goBack(operation, target, watching);
    const before = operation.revisions[0]?.words?.rendered;
    if (content !== undefined) await takeBack(cluster, application, { ...content, before }, say);
  } catch (thrown) {
    return await brokenOff(operation, watching, thrown, held);
  }
  await keepMark(cluster, namespace, release, operation.revisions[0]);
  const [newest] = await listRevisions(cluster, namespace, release);
  const revision = newest?.number ?? target.number;
  const { fault, results } = await judge(watching, content?.rendered ?? "");
  if (fault !== undefined) return await unhealthy(operation, watching, { revision, target, fault, results, held });
  await markVerified(cluster, namespace, release, revision, target.madeBy);
  return {
    status: "rolled-back",
    said: `${release} revision ${revision} is healthy: it is revision ${target.number} again${forced}${held}`,
    revision,
    sections: [checkSection(results), await historyOf(await refreshed(operation))],
  };
}

/**
 * Lets Helm bring a revision back; gives the end of a sentence on fields that had to be taken back. What was changed by hand,
 * as people do before they roll back, must not keep a person from what is asked for now.
 */
async function goBack(
  { helm, application }: Operation,
  { number }: Revision,
  { end, context }: Watching,
): Promise<string> {
  const { release, namespace } = application;
  try {
    await helm.rollback(release, namespace, number, remaining(end));
    return "";
  } catch (thrown) {
    const [, field = "fields"] = /conflict with .*: (\S+?)\.?$/m.exec(messageOf(thrown)) ?? [];
    if (!/Apply failed with \d+ conflict/.test(messageOf(thrown))) throw thrown;
    context.runner.annotate("notice", `Changed by hand, and taken back: ${messageOf(thrown)}`, "Rollback");
    await helm.rollback(release, namespace, number, remaining(end), true);
    return `; ${field} was changed by hand, and is taken back`;
  }
}

/** Watches what was brought back until it is healthy, and makes its checks. */
async function judge(watching: Watching, rendered: string) {
  const rolled = await watch(watching, true, "back");
  if (rolled.state === "failing") return { fault: rolled.fault, results: [] };
  return await verify({ ...watching, rendered, journal: createJournal() }, rolled.expected);
}

/** Helm got no further: some objects may be as they were in the target, others not, which the drift tells. */
async function brokenOff(operation: Operation, watching: Watching, thrown: unknown, held: string): Promise<Outcome> {
  const { cluster, application, context, store } = watching;
  context.signal.throwIfAborted();
  if (!(thrown instanceof FairleadError)) throw thrown;
  const { release, namespace } = application;
  const [newest] = await listRevisions(cluster, namespace, release);
  if (newest !== undefined && isPending(newest))
    await markFailed(cluster, namespace, release, newest.number, "Helm ended before it was done");
  const { code, message, fix, details = "" } = thrown;
  const sentence = `${message} ${serving(store.snapshot())}`;
  const failure = new FairleadError({ code, message: sentence, ...(fix === undefined ? {} : { fix }), cause: thrown });
  const sections = [{ name: "What was seen", text: details }, await historyOf(await refreshed(operation))];
  return {
    status: "failed",
    said: `${message.replace(/\.$/, "")}${held}`,
    revision: newest?.number ?? 0,
    sections,
    failure,
  };
}

interface Unhealthy {
  readonly revision: number;
  readonly target: Revision;
  readonly fault: Fault;
  readonly results: readonly CheckResult[];
  readonly held: string;
}

/** Nothing more is tried: a person is at work, and knows now why this did not help. */
async function unhealthy(
  operation: Operation,
  { cluster, application, context, store, logs }: Watching,
  { revision, target, fault, results, held }: Unhealthy,
): Promise<Outcome> {
  const { release, namespace } = application;
  const snapshot: Snapshot = store.snapshot();
  const evidence = await collectEvidence(cluster, application, fault, snapshot, logs);
  const cause = context.masker.redact(fault.cause);
  await markFailed(cluster, namespace, release, revision, `Rollback to ${target.number} is not healthy: ${cause}`);
  const said = `${release} went back to revision ${target.number}, which did not become healthy: ${cause}`;
  const failure = failed(`${said}. ${serving(snapshot)}`, fault.fix);
  const sections = [...evidenceOf(evidence), checkSection(results), await historyOf(await refreshed(operation))];
  return { status: "failed", said: `${said}${held}`, revision, sections, failure };
}

/** The end of a sentence on the hold. One that is there already is somebody's word, and stays. */
async function holdFor(operation: Operation, { number }: Revision): Promise<string> {
  const { cluster, application, inputs } = operation;
  const why = inputs.reason ?? `rolled back to revision ${number}`;
  const before = await writeHold(cluster, application, { ...whoAndWhen(operation), why });
  if (before?.hold !== undefined) return `; ${sayHold(before.hold)}`;
  return "; deploys leave it as it is until `resume`";
}

async function targetOf(operation: Operation): Promise<Revision> {
  const { revisions, inputs, application } = operation;
  const { release } = application;
  const [newest] = revisions;
  if (newest === undefined) throw refused(`There is no release ${release} to roll back.`, "Check `environment`.");
  const current = await originOf(operation, newest);
  if (inputs.revision === undefined) {
    const previous = baselineOf(revisions.filter(({ number }) => number < current));
    if (previous !== undefined) return previous;
    const what = current === newest.number ? `revision ${current}` : `revision ${current}, which serves again,`;
    throw refused(`No revision before ${what} of ${release} was seen healthy.`, choose(revisions));
  }
  const wanted = revisions.find(({ number }) => number === inputs.revision);
  if (wanted === undefined) throw refused(`${release} has no revision ${inputs.revision}.`, choose(revisions));
  if (wanted.status === "failed")
    throw refused(`Revision ${wanted.number} of ${release} has failed.`, choose(revisions));
  if (newest.status === "deployed" && [newest.number, current].includes(wanted.number))
    throw refused(`Revision ${wanted.number} of ${release} is what is deployed now.`, "`restart` makes its pods anew.");
  return wanted;
}

function choose(revisions: readonly Revision[]): string {
  const others = revisions.slice(1).filter(({ status }) => status !== "failed");
  const known = others.map(({ number, verified }) => `${number}${verified ? "" : " (not seen healthy)"}`).join(", ");
  return known === "" ? "There is no other one that could be." : `Name one with \`revision\`: ${known}.`;
}

/** The number of the revision that another one brought back: going back twice must not bring the bad one again. */
async function originOf(operation: Operation, revision: Revision): Promise<number> {
  const { revisions } = operation;
  for (let current = revision; ; ) {
    const content = await contentOf(operation, current).catch((thrown) => {
      throw refused(`Revision ${current.number} cannot be read: ${messageOf(thrown)}.`, "See `helm history`.");
    });
    const [, number] = /^Rollback to (\d+)$/.exec(content?.description ?? "") ?? [];
    if (number === undefined) return current.number;
    const before = revisions.find((one) => one.number === Number(number));
    if (before === undefined) return Number(number);
    current = before;
  }
}
