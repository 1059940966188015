import type { CoreV1Event, KubernetesObject } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { FairleadError } from "../../core/errors.ts";
import type { Collection, Watched } from "../../core/watch.ts";
import { createBell } from "./bell.ts";
import { emptySnapshot, type Snapshot, timeOf } from "./snapshot.ts";

/** Which objects are watched. */
export interface Scope {
  /** What its objects carry as `app.kubernetes.io/instance`; a release may have another name. */
  readonly instance: string;
  readonly namespaces: readonly string[];
  /** Paths of collections of what asks Infisical's operator for Secrets. */
  readonly deliveries?: readonly string[];
}

/** The objects of a release, kept up to date by watches. */
export interface Store extends Disposable {
  snapshot(): Snapshot;
  /** Ends when something has changed since the last call, or after so many milliseconds. */
  change(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Why the API server is out of reach now, undefined when it answers. */
  away(): string | undefined;
}

type Keys = keyof Omit<Snapshot, "events">;

/**
 * Watches everything of a release that tells how its rollout goes: workloads, pods, claims, and the events from now on.
 * Opened before a release is changed, so that no event is missed.
 *
 * @throws FairleadError of the cluster client, when something may not be read.
 */
export async function openStore(cluster: Cluster, scope: Scope): Promise<Store> {
  const bell = createBell();
  const faults = new Map<object, string>();
  const events = new Map<string, { readonly event: CoreV1Event; readonly time: number }>();
  const keepEvent = (event: CoreV1Event) => events.set(event.metadata.uid ?? "", { event, time: timeOfEvent(event) });
  const watchOne = async <T extends KubernetesObject>(collection: Collection, changed: (object: T) => void) =>
    await cluster.watch<T>(collection, {
      changed(object) {
        changed(object);
        bell.ring();
      },
      away(thrown) {
        faults.set(collection, thrown instanceof FairleadError ? thrown.message : "the API server does not answer");
        bell.ring();
      },
      back() {
        faults.delete(collection);
        bell.ring();
      },
    });
  const wanted = [
    ...scope.namespaces.flatMap((namespace) => collectionsOf(namespace, scope)),
    ...(scope.deliveries ?? []).map((path) => deliveriesAt(path, scope)),
  ];
  const watches = await openAll([
    ...wanted.map(async ({ key, collection }) => ({ key, watched: await watchOne(collection, () => {}) })),
    ...scope.namespaces.map(async (namespace) => ({
      key: undefined,
      watched: await watchOne({ path: `/api/v1/namespaces/${namespace}/events`, fromNow: true }, keepEvent),
    })),
  ]);
  return {
    snapshot() {
      const sorted = [...events.values()].sort((left, right) => left.time - right.time);
      return { ...itemsOf(watches), events: sorted.map(({ event }) => event) };
    },
    change: bell.wait,
    away: () => faults.values().next().value,
    [Symbol.dispose]: () => stopAll(watches),
  };
}

/** A watch of a collection; of events, which are kept apart, if it has no key. */
interface Watch {
  readonly key: Keys | undefined;
  readonly watched: Watched<KubernetesObject>;
}

/** Waits until all watches are open; where one is refused, none stays. */
async function openAll(opening: readonly Promise<Watch>[]): Promise<Watch[]> {
  const opened = await Promise.allSettled(opening);
  const watches = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const refused = opened.find((result) => result.status === "rejected");
  if (refused === undefined) return watches;
  stopAll(watches);
  throw refused.reason;
}

function stopAll(watches: readonly Watch[]): void {
  for (const { watched } of watches) watched.stop();
}

function itemsOf(watches: readonly Watch[]): Omit<Snapshot, "events"> {
  const of = (key: Keys) => watches.filter((watch) => watch.key === key).flatMap(({ watched }) => watched.items());
  const kinds = (Object.keys(emptySnapshot) as (keyof Snapshot)[]).filter((key): key is Keys => key !== "events");
  return Object.fromEntries(kinds.map((key) => [key, of(key)])) as unknown as Omit<Snapshot, "events">;
}

/** When an event was seen last, milliseconds since 1970 by the cluster's clock. */
function timeOfEvent({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return timeOf(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp);
}

interface Wanted {
  readonly key: Keys;
  readonly collection: Collection;
}

function collectionsOf(namespace: string, { instance }: Scope): Wanted[] {
  const labelSelector = instanceSelector(instance);
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const own = (key: Keys, path: string): Wanted => ({ key, collection: { path, labelSelector } });
  return [
    own("deployments", `${apps}/deployments`),
    own("replicaSets", `${apps}/replicasets`),
    own("statefulSets", `${apps}/statefulsets`),
    own("daemonSets", `${apps}/daemonsets`),
    own("jobs", `/apis/batch/v1/namespaces/${namespace}/jobs`),
    own("pods", `${core}/pods`),
    // Claims made from a template carry no label of the release, so all of the namespace are looked at.
    { key: "claims", collection: { path: `${core}/persistentvolumeclaims` } },
  ];
}

function deliveriesAt(path: string, { instance }: Scope): Wanted {
  return { key: "deliveries", collection: { path, labelSelector: instanceSelector(instance) } };
}

/** Finds the objects of a release. */
export function instanceSelector(instance: string): string {
  return `app.kubernetes.io/instance=${instance}`;
}
