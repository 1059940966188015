import type { Cluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import type { Resources } from "../core/discovery.ts";
import type { Helm } from "../core/helm.ts";
import type { Application } from "../validate/application.ts";
import type { Source } from "../validate/resolve.ts";
import { isRequest, pathOfRequests } from "./delivery/operator.ts";
import type { DeliveredSecret } from "./delivery/secrets.ts";
import { createLogKeeper, type LogKeeper } from "./evidence/logs.ts";
import type { DeployInputs } from "./inputs.ts";
import type { Lock } from "./lock/keep.ts";
import { readObjects } from "./rendered/objects.ts";
import type { Journal } from "./report/journal.ts";
import { readExpected } from "./tracking/expected.ts";
import type { Expected, Judging } from "./tracking/judge.ts";
import { createPatience } from "./tracking/patience.ts";
import { openStore, type Scope, type Store } from "./tracking/store.ts";
import { track, type Verdict } from "./tracking/tracker.ts";

/** What a cluster tells of itself and of us. */
export interface Known {
  /** Whom the cluster takes us for, in words. */
  readonly user: string;
  /** The kinds of objects that the cluster knows. */
  readonly resources: Resources;
}

/** Everything that the steps of one deploy share. */
export interface Deploy {
  readonly inputs: DeployInputs;
  readonly context: Context;
  readonly journal: Journal;
  readonly cluster: Cluster;
  /** Asked for as soon as the cluster can be, and answered while Helm renders. */
  readonly known: Promise<Known>;
  readonly helm: Helm;
  readonly source: Source;
  readonly application: Application;
  /** The Secrets of sets whose delivery is `sync`. */
  readonly secrets: readonly DeliveredSecret[];
  /** What the deploy itself adds to the values. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The objects of the release, as Helm renders them. */
  readonly rendered: string;
  /** When time is up, on the clock of `performance.now()`. */
  readonly end: number;
}

/** A deploy whose objects are watched, while it holds the lock of its release. */
export interface Watched extends Deploy {
  readonly lock: Lock;
  readonly store: Store;
  /** Logs of containers whose pods are gone. */
  readonly logs: LogKeeper;
}

/** Begins to watch the objects of a deploy; `using` ends it. */
export async function openWatched(deploy: Deploy, lock: Lock): Promise<Watched & Disposable> {
  const { namespace } = deploy.application;
  const requests = (await readObjects(deploy.rendered)).filter(isRequest);
  const deliveries = [...new Set(requests.map((request) => pathOfRequests(request, namespace)))];
  const store = await openStore(deploy.cluster, { ...scopeOf(deploy.application), deliveries });
  const logs = createLogKeeper(deploy.cluster);
  return { ...deploy, lock, store, logs, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

/** What is watched of a release: the objects of its application, in all its namespaces. */
export function scopeOf({ environment, name, namespaces }: Application): Scope {
  return { instance: `${environment}-${name}`, namespaces: Object.keys(namespaces) };
}

/** How a rollout ended, and the workloads that it was about. */
export type Rolled = Verdict & { readonly expected: readonly Expected[] };

/** What is needed to watch workloads. */
export type Watching = Pick<Watched, "cluster" | "application" | "context" | "store" | "logs" | "end">;

/**
 * Watches the newest revision until it is healthy or given up.
 *
 * @param hasBaseline whether there is a verified revision behind it: a first install starts beside databases that are
 *   not ready yet, so it gets more tries, and its pods keep their place.
 * @param way on the way back, pods of the revision that failed are known to be broken.
 */
export async function watch(
  deploy: Watching,
  hasBaseline: boolean,
  way: "forward" | "back" = "forward",
): Promise<Rolled> {
  const { cluster, application, context, end } = deploy;
  const expected = await readExpected(cluster, scopeOf(application));
  if (expected.length === 0 && (way === "back" || !hasRollout(application))) {
    return { state: "healthy", snapshot: deploy.store.snapshot(), expected };
  }
  const judging = judgingOf(deploy, hasBaseline, way);
  const verdict = await track({ ...judging, expected, timeout: remaining(end), signal: context.signal });
  return { ...verdict, expected };
}

/**
 * Whether something of an application starts with a deploy: the Jobs of a CronJob run when they do, and Helm waits for its
 * hooks itself.
 */
function hasRollout({ components }: Application): boolean {
  return Object.values(components).some(
    ({ kind, when }) => kind !== "CronJob" && when !== "pre-deploy" && when !== "post-deploy",
  );
}

/** By what the pods of a deploy are judged; see `watch`. */
export function judgingOf(deploy: Watching, hasBaseline: boolean, way: "forward" | "back" = "forward"): Judging {
  const { application, context, store, logs } = deploy;
  const say = (line: string) => context.runner.info(context.masker.redact(line));
  return {
    store,
    patience: createPatience(application, hasBaseline),
    progress: say,
    ...(hasBaseline ? { hasten: (pod) => logs.keepAndDelete(pod) } : {}),
    unblock: async (pod) => {
      say(`${pod.metadata?.name} is not ready and keeps the next revision: it is deleted.`);
      await logs.keepAndDelete(pod);
    },
    unblockAfter: way === "back" ? 1_000 : 30_000,
  };
}

/** Milliseconds until `end`, at least a second: what is started late still gets a chance. */
export function remaining(end: number): number {
  return Math.max(1_000, end - performance.now());
}
