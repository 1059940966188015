import { formatDuration } from "../../core/duration.ts";
import { FairleadError, type Place } from "../../core/errors.ts";
import { pruneSecrets } from "../delivery/secrets.ts";
import { collectEvidence } from "../evidence/collect.ts";
import { handOver } from "../handover/handover.ts";
import { takeBack } from "../handover/take-back.ts";
import { suspendHooks } from "../hooks.ts";
import { markFailed, markVerified } from "../releases/mark.ts";
import { listRevisions, readContentOf } from "../releases/read.ts";
import { isPending, type Revision } from "../releases/revision.ts";
import { placeNamed } from "../report/named.ts";
import { placed } from "../report/place.ts";
import { type Watched, watch } from "../rollout.ts";
import type { Failing } from "../tracking/tracker.ts";
import { makeChecks } from "../verify/check.ts";
import { endpointChecks } from "../verify/endpoints.ts";
import { outlastLostAnswer } from "./lost-answer.ts";
import { serving } from "./serving.ts";

/** What became of a deploy that failed. */
export interface Recovered {
  readonly status: "rolled-back" | "failed";
  /** The revision that serves now, 0 for none. */
  readonly revision: number;
  /** Why the deploy failed, without the full stop. */
  readonly reason: string;
  readonly failure: FairleadError;
}

/** Gives up a revision that does not become healthy: evidence first, then the way back. */
export async function giveUp(
  deploy: Watched,
  number: number,
  baseline: Revision | undefined,
  { fault, snapshot }: Failing,
): Promise<Recovered> {
  const { cluster, application, context } = deploy;
  const { namespace, release } = application;
  const reason = context.masker.redact(fault.cause);
  const evidence = await deploy.journal.stage("evidence", () =>
    collectEvidence(cluster, application, fault, snapshot, deploy.logs),
  );
  deploy.journal.learn({ evidence });
  await suspendHooks(deploy, snapshot);
  await markFailed(cluster, namespace, release, number, reason);
  const { sentence, ...after } = await goBack(deploy, number, baseline);
  const fell = fault.about === "verify" ? "did not pass its checks" : "did not become healthy";
  const message = `${release} revision ${number} ${fell}: ${reason}. ${sentence}`;
  const place = await placed(deploy, fault);
  return { ...after, reason, failure: new FairleadError({ code: "DEPLOY_FAILED", message, fix: fault.fix, ...place }) };
}

/**
 * Goes back after Helm has failed while it applied a revision, which may have changed some of its objects.
 *
 * @throws what Helm failed with, where it did not get as far as a revision and therefore changed nothing.
 */
export async function undoApply(
  deploy: Watched,
  number: number,
  baseline: Revision | undefined,
  thrown: unknown,
): Promise<Recovered> {
  const { cluster, application, context } = deploy;
  context.signal.throwIfAborted();
  if (!(thrown instanceof FairleadError)) throw thrown;
  const [newest] = await listRevisions(cluster, application.namespace, application.release);
  const place = await placeNamed(deploy, thrown.message);
  if (newest?.number !== number) throw withSentence(thrown, "Nothing was changed.", place);
  const reason = context.masker.redact(thrown.message.replace(/\.$/, ""));
  // A Helm that was killed had no time to say so itself.
  if (isPending(newest)) await markFailed(cluster, application.namespace, application.release, number, reason);
  const { sentence, ...after } = await goBack(deploy, number, baseline);
  return { ...after, reason, failure: withSentence(thrown, sentence, place) };
}

function withSentence(thrown: FairleadError, sentence: string, place: { readonly place?: Place }): FairleadError {
  const { code, message, fix, details } = thrown;
  return new FairleadError({
    code,
    message: `${message} ${sentence}`,
    ...(fix === undefined ? {} : { fix }),
    ...(details === undefined ? {} : { details }),
    ...place,
    cause: thrown,
  });
}

/** What serves after a failed deploy, and the sentence that says so. */
interface After {
  readonly status: "rolled-back" | "failed";
  readonly revision: number;
  readonly sentence: string;
}

async function goBack(deploy: Watched, number: number, baseline: Revision | undefined): Promise<After> {
  const { inputs, application, context, store } = deploy;
  if (baseline === undefined) return await afterFirstInstall(deploy);
  const { number: revision } = baseline;
  const kept = application.rollback === "never" ? " (`rollback: never`)" : "";
  if (!inputs.rollbackOnFailure || kept !== "") {
    const command = `helm rollback ${application.release} ${revision} -n ${application.namespace}`;
    const sentence = `It was left as it is${kept}; \`${command}\` goes back. ${serving(store.snapshot())}`;
    return { status: "failed", revision, sentence };
  }
  try {
    const hasFailed = ({ status }: After) => status === "failed";
    return await deploy.journal.stage("rollback", () => rollBack(deploy, number, baseline), hasFailed);
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (!(thrown instanceof FairleadError)) throw thrown;
    // The first fault and its evidence are what a person needs; this one must not take their place.
    const sentence = `The way back to revision ${revision} failed: ${thrown.message} ${serving(store.snapshot())}`;
    return { status: "failed", revision, sentence };
  }
}

async function afterFirstInstall(deploy: Watched): Promise<After> {
  const { inputs, helm, application, store } = deploy;
  const { release, namespace } = application;
  if (inputs.onFirstInstallFailure === "keep") {
    const sentence = `It is the first install, so it was kept for diagnosis in namespace ${namespace}. ${serving(store.snapshot())}`;
    return { status: "failed", revision: 0, sentence };
  }
  await helm.uninstall(release, namespace, rollbackTime);
  await pruneSecrets(deploy, []);
  const sentence = "It was the first install, so it was uninstalled; nothing serves.";
  return { status: "failed", revision: 0, sentence };
}

/** Milliseconds that a rollback gets beyond the deadline of the deploy: leaving it half-done would be worse. */
const rollbackTime = 120_000;

async function rollBack(deploy: Watched, number: number, baseline: Revision): Promise<After> {
  const { helm, cluster, application, context, lock } = deploy;
  const { release, namespace } = application;
  // The lock itself does not wait for an API server that is away.
  await cluster.call({ path: "/version" });
  const from = performance.now();
  const content = await readContentOf(cluster, namespace, release, baseline.number);
  await lock.confirm();
  const say = (line: string) => context.runner.info(line);
  const restated = await handOver(cluster, application, { ...content, way: "rollback" }, say);
  const revision = (restated ?? number) + 1;
  await outlastLostAnswer(deploy, revision, () => helm.rollback(release, namespace, baseline.number, rollbackTime));
  await takeBack(cluster, application, { ...content, before: deploy.rendered }, say);
  const verdict = await watch({ ...deploy, end: from + rollbackTime }, true, "back");
  if (verdict.state === "failing") {
    const { cause, fix } = verdict.fault;
    await markFailed(cluster, namespace, release, revision, `Rollback to ${baseline.number} is not healthy: ${cause}`);
    const said = `The rollback to revision ${baseline.number} did not become healthy either: ${cause}. ${fix}`;
    return { status: "failed", revision, sentence: `${said} ${serving(verdict.snapshot)}` };
  }
  // The pods that stayed may have to be found again by their Service.
  await makeChecks(endpointChecks(cluster, application), context.signal);
  await markVerified(cluster, namespace, release, revision, baseline.madeBy);
  context.runner.info(`Rolled back to revision ${baseline.number} in ${formatDuration(performance.now() - from)}`);
  return { status: "rolled-back", revision, sentence: `Revision ${baseline.number} serves again.` };
}
