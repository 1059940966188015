import { setTimeout as wait } from "node:timers/promises";
import type { KubernetesListObject, KubernetesObject } from "@kubernetes/client-node";
import type { PlainRequest } from "./connection.ts";

/** Objects of one kind in one namespace. */
export interface Collection {
  /** Path below the server: `/api/v1/namespaces/prod-web/pods`. */
  readonly path: string;
  readonly labelSelector?: string;
  /** Leaves out what is there already. */
  readonly fromNow?: boolean;
}

/** A collection that is kept up to date. */
export interface Watched<T> {
  items(): readonly T[];
  stop(): void;
}

/** Who is told of what a watch sees. */
export interface WatchListener<T> {
  /** Something was added, changed or deleted. */
  changed(object: T): void;
  /** The watch broke off, and is taken up again every half second. */
  away(thrown: unknown): void;
  /** It works again. */
  back(): void;
}

/** What a watch needs of a cluster. */
export interface Watchable {
  read<T>(request: PlainRequest): Promise<T>;
  /** Gives the lines of an answer as they come; throws what `statusOf` understands for an answer that is an error. */
  lines(request: PlainRequest, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

/** Milliseconds before a watch that broke off is taken up again. */
const pause = 500;
/** Seconds after which the server ends a watch, so that one that lasts much longer is known to be cut off. */
const longest = 45;

/** What the API server says of a collection, one on each line. */
interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/**
 * Watches a collection, from one list on. A watch that breaks off goes on where it was; when the server has forgotten
 * that place, everything is listed anew. Broken watches are never an error: the API server comes back, or a deadline ends
 * the wait.
 *
 * @throws what `read` throws for the first list.
 */
export async function watchCollection<T extends KubernetesObject>(
  cluster: Watchable,
  { path, labelSelector, fromNow = false }: Collection,
  listener: WatchListener<T>,
): Promise<Watched<T>> {
  const selected = labelSelector === undefined ? {} : { labelSelector };
  const seen = createSeen(listener);
  const over = new AbortController();
  /** From which resource version on it is watched; undefined when it has to be listed first. */
  let place: string | undefined;
  const list = async () => {
    const query = { ...selected, ...(fromNow ? { limit: "1" } : {}) };
    const { items, metadata } = await cluster.read<KubernetesListObject<T>>({ path, query });
    seen.replace(fromNow ? [] : items);
    place = metadata?.resourceVersion ?? "";
  };
  /** Watches until the server ends it. */
  const follow = async (answered: () => void) => {
    if (place === undefined) await list();
    const query = { ...selected, ...watching, resourceVersion: place ?? "" };
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout((longest + 5) * 1_000)]);
    const lines = await cluster.lines({ path, query }, signal);
    answered();
    for await (const line of lines) {
      const { type, object }: WatchEvent<T> = JSON.parse(line);
      if (type === "ERROR") throw errorOf(object as Status);
      if (type !== "BOOKMARK") seen.take(object, type === "DELETED");
      place = object.metadata?.resourceVersion ?? place;
    }
  };
  const forget = () => {
    place = undefined;
  };
  await list();
  void keepFollowing(follow, forget, listener, over.signal);
  return { items: seen.items, stop: () => over.abort() };
}

const watching = { watch: "true", allowWatchBookmarks: "true", timeoutSeconds: String(longest) };

/** Follows again and again, until the signal is aborted. */
async function keepFollowing(
  follow: (answered: () => void) => Promise<void>,
  forget: () => void,
  listener: Pick<WatchListener<never>, "away" | "back">,
  signal: AbortSignal,
): Promise<void> {
  let away = false;
  const answered = () => {
    if (away) listener.back();
    away = false;
  };
  while (!signal.aborted) {
    const begun = performance.now();
    try {
      await follow(answered);
    } catch (thrown) {
      if (signal.aborted) return;
      if ((thrown as { code?: unknown }).code === 410) forget();
      else {
        if (!away) listener.away(thrown);
        away = true;
      }
    }
    // A server, or what is in front of it, may end every watch at once.
    if (performance.now() - begun < pause) await wait(pause, undefined, { signal }).catch(() => {});
  }
}

/** The objects as they were seen last. */
function createSeen<T extends KubernetesObject>({ changed }: Pick<WatchListener<T>, "changed">) {
  const objects = new Map<string, T>();
  const take = (object: T, deleted = false) => {
    const key = keyOf(object);
    const known = objects.get(key);
    if (deleted) objects.delete(key);
    else objects.set(key, lighten(object));
    if (deleted || known?.metadata?.resourceVersion !== object.metadata?.resourceVersion) changed(object);
  };
  return {
    items: () => [...objects.values()],
    take,
    /** Takes what was listed, and lets go of everything else. */
    replace(listed: readonly T[]) {
      const keys = new Set(listed.map(keyOf));
      for (const [key, object] of objects) if (!keys.has(key)) take(object, true);
      for (const object of listed) take(object);
    },
  };
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name}`;
}

/** What stands in the place of an object where a watch ends with an error. */
interface Status {
  readonly code?: number;
  readonly message?: string;
}

/** A Status object in the place of an event; 410 says that the server has forgotten what came after that place. */
function errorOf({ code, message }: Status): Error {
  return Object.assign(new Error(message ?? "the watch ended with an error"), { code });
}

/** Takes out who set which field, a third of most objects, which nobody here asks for. */
function lighten<T extends KubernetesObject>(object: T): T {
  delete object.metadata?.managedFields;
  return object;
}
