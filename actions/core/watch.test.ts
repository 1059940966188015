import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import type { KubernetesObject } from "@kubernetes/client-node";
import type { PlainRequest } from "./connection.ts";
import { type Watchable, type WatchListener, watchCollection } from "./watch.ts";

const path = "/api/v1/namespaces/shop/pods";

function pod(name: string, version: number): KubernetesObject {
  return { metadata: { name, namespace: "shop", resourceVersion: String(version), managedFields: [] } };
}

const event = (type: string, object: object) => JSON.stringify({ type, object });

/** What the API server answers, one after another; an error is thrown, and the last watch stays open. */
function answering(lists: readonly (readonly KubernetesObject[])[], streams: readonly (readonly string[] | Error)[]) {
  const asked: PlainRequest[] = [];
  const left = { lists: [...lists], streams: [...streams] };
  const cluster = {
    async read(request: PlainRequest) {
      asked.push(request);
      return { items: left.lists.shift() ?? [], metadata: { resourceVersion: "10" } };
    },
    async lines(request: PlainRequest, signal: AbortSignal) {
      asked.push(request);
      const stream = left.streams.shift();
      if (stream instanceof Error) throw stream;
      return (async function* () {
        if (stream === undefined) await once(signal, "abort");
        yield* stream ?? [];
      })();
    },
  } as Watchable;
  return { cluster, watches: () => asked.flatMap(({ query }) => query?.["resourceVersion"] ?? []), asked };
}

function listening() {
  const bell = new EventEmitter();
  const told: string[] = [];
  const tell = (line: string) => {
    told.push(line);
    bell.emit("told");
  };
  const listener: WatchListener<KubernetesObject> = {
    changed: ({ metadata }) => tell(`${metadata?.name} ${metadata?.resourceVersion}`),
    away: (thrown) => tell(`away: ${(thrown as Error).message}`),
    back: () => tell("back"),
  };
  const heard = async (line: string) => {
    while (!told.includes(line)) await once(bell, "told");
  };
  return { listener, told, heard };
}

test("what is listed and what changes is told, without who set which field", async () => {
  const { cluster, asked } = answering(
    [[pod("a", 1), pod("b", 2)]],
    [[event("MODIFIED", pod("a", 11)), event("DELETED", pod("b", 12)), event("ADDED", pod("c", 13))]],
  );
  const { listener, told, heard } = listening();
  const watched = await watchCollection(cluster, { path, labelSelector: "app=shop" }, listener);
  await heard("c 13");
  watched.stop();
  assert.deepEqual(told, ["a 1", "b 2", "a 11", "b 12", "c 13"]);
  assert.deepEqual(
    watched.items().map(({ metadata }) => metadata),
    [
      { name: "a", namespace: "shop", resourceVersion: "11" },
      { name: "c", namespace: "shop", resourceVersion: "13" },
    ],
  );
  assert.ok(asked.every(({ query }) => query?.["labelSelector"] === "app=shop"));
});

test("a watch that breaks off goes on behind what it saw last, and tells of it once", async () => {
  const bookmark = event("BOOKMARK", { metadata: { resourceVersion: "20" } });
  const { cluster, watches } = answering(
    [[]],
    [
      [event("ADDED", pod("a", 11)), bookmark],
      new Error("refused"),
      new Error("refused again"),
      [event("ADDED", pod("b", 21))],
    ],
  );
  const { listener, told, heard } = listening();
  const watched = await watchCollection(cluster, { path }, listener);
  await heard("b 21");
  watched.stop();
  assert.deepEqual(told, ["a 11", "away: refused", "back", "b 21"]);
  assert.deepEqual(watches().slice(0, 4), ["10", "20", "20", "20"]);
});

for (const [name, gone] of [
  ["the answer", Object.assign(new Error("HTTP status 410"), { code: 410 })],
  ["an event", [event("ERROR", { code: 410, message: "too old resource version" })]],
] as const) {
  test(`everything is listed anew when ${name} says that the place is forgotten`, async () => {
    const { cluster } = answering(
      [
        [pod("a", 1), pod("b", 2)],
        [pod("b", 2), pod("c", 3)],
      ],
      [gone],
    );
    const { listener, told, heard } = listening();
    const watched = await watchCollection(cluster, { path }, listener);
    await heard("c 3");
    watched.stop();
    assert.deepEqual(told, ["a 1", "b 2", "a 1", "c 3"], "a is gone, b as it was");
    assert.deepEqual(
      watched.items().map(({ metadata }) => metadata?.name),
      ["b", "c"],
    );
  });
}

test("from now on means without what is there already", async () => {
  const { cluster } = answering([[pod("old", 1)]], [[event("ADDED", pod("new", 11))]]);
  const { listener, told, heard } = listening();
  const watched = await watchCollection(cluster, { path, fromNow: true }, listener);
  await heard("new 11");
  watched.stop();
  assert.deepEqual(told, ["new 11"]);
});

test("what keeps it from being listed at first is thrown", async () => {
  const cluster = { read: () => Promise.reject(new Error("forbidden")) } as unknown as Watchable;
  await assert.rejects(watchCollection(cluster, { path }, listening().listener), /forbidden/);
});
