import { FairleadError, messageOf } from "../core/errors.ts";
import { isHook, readObjects } from "./rendered/objects.ts";
import { judgingOf, remaining, type Watched } from "./rollout.ts";
import { expectedOf } from "./tracking/expected.ts";
import { createJudge, type Look } from "./tracking/judge.ts";
import type { Snapshot } from "./tracking/snapshot.ts";
import { type Failing, interval } from "./tracking/tracker.ts";

/** What a render asks of Helm beside its objects. */
export interface Hooks {
  readonly any: boolean;
  /** Something runs after the rest is ready, so Helm has to wait for the rest. */
  readonly after: boolean;
}

/** The hooks of a rendered release. */
export async function hooksOf(rendered: string): Promise<Hooks> {
  const objects = await readObjects(rendered);
  const events = objects.flatMap(({ metadata }) => metadata?.annotations?.["helm.sh/hook"] ?? []);
  return { any: events.length > 0, after: events.some((event) => /post-(install|upgrade)/.test(event)) };
}

/**
 * Lets Helm apply a release and watches its hooks meanwhile, and what Helm has applied while it waits for that: Helm knows
 * only their ends, and takes the whole deadline for a Job that cannot start. Where a fault is certain, Helm is stopped.
 * Gives the fault, undefined when Helm has done all.
 *
 * @param helm runs Helm until it ends or the signal stops it.
 * @throws what `helm` throws, when that tells more than the objects do.
 */
export async function watchHelm(
  deploy: Watched,
  hasBaseline: boolean,
  helm: (signal: AbortSignal) => Promise<void>,
): Promise<Failing | undefined> {
  const { store, context, end } = deploy;
  const stop = new AbortController();
  const ended = new AbortController();
  const running = helm(AbortSignal.any([context.signal, stop.signal])).finally(() => ended.abort());
  const judge = createJudge(judgingOf(deploy, hasBaseline));
  const look = lookAtChanged(store.snapshot(), () => store.snapshot(), judge);
  const failing = await watchUntil(ended.signal, deploy, look, end);
  if (failing !== undefined) stop.abort(new Error("the rollout has failed"));
  try {
    await running;
    return undefined;
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (failing !== undefined) return failing;
    if (!isAboutPods(thrown)) throw thrown;
    // What Helm saw by its own watch comes by ours in a moment.
    await store.change(interval, context.signal);
    const { snapshot, seen } = look();
    if (seen === undefined) throw thrown;
    return { state: "failing", fault: seen, snapshot };
  }
}

/** Looks at what was made or changed since the beginning: what is wrong with the old may be what this deploy mends. */
function lookAtChanged(before: Snapshot, now: () => Snapshot, judge: ReturnType<typeof createJudge>): () => Look {
  const known = new Map(expectedOf(before).map(({ uid, generation }) => [uid, generation]));
  return () => judge(expectedOf(now()).filter(({ uid, generation }) => known.get(uid) !== generation));
}

async function watchUntil(
  ended: AbortSignal,
  { store }: Watched,
  look: () => Look,
  end: number,
): Promise<Failing | undefined> {
  while (!ended.aborted) {
    const { fatal, snapshot, away, late } = look();
    if (fatal !== undefined) return { state: "failing", fault: fatal, snapshot };
    if (performance.now() >= end && away === undefined) return { state: "failing", fault: late(), snapshot };
    await store.change(interval, ended).catch(() => {});
  }
  return undefined;
}

/** Helm's words for Jobs that failed and for pods that are not ready, of which it knows nothing more. */
function isAboutPods(thrown: unknown): boolean {
  const words = /hooks? failed|failed (pre|post)-|job \S+ failed|not ready|timed out|deadline exceeded/i;
  return thrown instanceof FairleadError && words.test(messageOf(thrown));
}

/** Milliseconds more than we take for Helm's own limit, so that ours comes first and can say why. */
const helmsGrace = 10_000;

/** Milliseconds for Helm's hooks. */
export function hookTime(end: number): number {
  return remaining(end) + helmsGrace;
}

/**
 * Stops the Jobs among the hooks of a release that has failed: they are no part of what a rollback replaces, and would go
 * on trying. A Job that is suspended ends its pods, and can still be looked at.
 */
export async function suspendHooks({ cluster, context }: Watched, { jobs }: Snapshot): Promise<void> {
  const open = jobs.filter(
    (job) =>
      isHook(job) &&
      !job.status?.conditions?.some(({ type, status }) => /^(Complete|Failed)$/.test(type) && status === "True"),
  );
  for (const { metadata: { name = "", namespace = "" } = {} } of open) {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`;
    const contentType = "application/merge-patch+json";
    const { status } = await cluster.call({ method: "PATCH", path, contentType, body: { spec: { suspend: true } } });
    if (status >= 300) context.runner.info(`The Job ${name} could not be stopped (status ${status}).`);
  }
}
