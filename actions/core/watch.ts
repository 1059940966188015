import type { KubeConfig, KubernetesListObject, KubernetesObject } from "@kubernetes/client-node";

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

/** Milliseconds before a watch that broke off is taken up again. */
const pause = 500;

/**
 * Watches a collection, from one list on. A watch that breaks off goes on where it was; when the server has forgotten
 * that place, everything is listed anew. Broken watches are never an error: the API server comes back, or a deadline ends
 * the wait.
 *
 * @param read reads the JSON of a path of the API server.
 * @throws what it throws for the first list.
 */
export async function watchCollection<T extends KubernetesObject>(
  config: KubeConfig,
  { path, labelSelector, fromNow = false }: Collection,
  listener: WatchListener<T>,
  read: (path: string) => Promise<KubernetesListObject<T>>,
): Promise<Watched<T>> {
  const { ListWatch, Watch } = await import("@kubernetes/client-node");
  const query = new URLSearchParams({
    ...(labelSelector ? { labelSelector } : {}),
    ...(fromNow ? { limit: "1" } : {}),
  });
  const readAll = async () => {
    const { metadata, items } = await read(`${path}?${query}`);
    return { ...(metadata === undefined ? {} : { metadata }), items: fromNow ? [] : items.map(lighten) };
  };
  let first: KubernetesListObject<T> | undefined = await readAll();
  const list = async () => {
    const answer = first ?? (await readAll());
    first = undefined;
    return answer;
  };
  const watch = new Watch(config);
  const light: Pick<InstanceType<typeof Watch>, "watch"> = {
    watch: (path, query, callback, done) =>
      watch.watch(path, query, (phase, object, raw) => callback(phase, lighten(object), raw), done),
  };
  const cache = new ListWatch<T>(path, light as InstanceType<typeof Watch>, list, false, labelSelector);
  let stopped = false;
  let away = false;
  let timer: NodeJS.Timeout | undefined;
  const start = async () => {
    const wasAway = away;
    away = false;
    await cache.start();
    // It may have been stopped while it started.
    if (stopped) void cache.stop();
    else if (wasAway && !away) listener.back();
  };
  cache.on("change", (object) => listener.changed(object));
  cache.on("error", (thrown) => {
    if (stopped) return;
    away = true;
    listener.away(thrown);
    clearTimeout(timer);
    timer = setTimeout(() => void start(), pause);
  });
  await start();
  return {
    items: () => cache.list(),
    stop() {
      stopped = true;
      clearTimeout(timer);
      void cache.stop();
    },
  };
}

/** Takes out who set which field, a third of most objects, which nobody here asks for. */
function lighten<T extends KubernetesObject>(object: T): T {
  delete object.metadata?.managedFields;
  return object;
}
