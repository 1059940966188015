import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";
import type { PlainRequest } from "../core/connection.ts";
import { followLog } from "./follow.ts";

const only = { namespace: "prod-shop", instance: "shop-run-1", container: "shop" };
const pod = (state?: object): V1Pod => ({
  metadata: { name: "shop-run-1-x" },
  status: { containerStatuses: [{ name: "shop", image: "", imageID: "", ready: false, restartCount: 0, ...state }] },
});
const running = pod({ state: { running: {} } });

/** A cluster with one pod whose log is followed by what `follow` gives, and is `log` at the end. */
function scene({ there, follow = [], log = "" }: { there: V1Pod; follow?: readonly string[]; log?: string }) {
  const asked: string[] = [];
  const given: string[] = [];
  let changed = (_: V1Pod) => {};
  const cluster = {
    async watch(_: unknown, listener: { changed(object: V1Pod): void }) {
      changed = listener.changed;
      return { items: () => [there], stop() {} };
    },
    async stream({ path, query }: PlainRequest, signal: AbortSignal) {
      const follows = query?.["follow"] === "true";
      asked.push(`${path.split("/").slice(-2).join("/")} ${query?.["container"]} ${follows ? "follow" : "end"}`);
      return (async function* () {
        for (const piece of follows ? follow : [log]) yield Buffer.from(piece);
        if (!follows) return;
        // The connection stays open until it is cut.
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw signal.reason;
      })();
    },
  } as unknown as Cluster;
  const begin = () => followLog(cluster, only, (piece) => given.push(piece.toString()));
  return { asked, given, begin, change: (now: V1Pod) => changed(now) };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

test("a log is followed from when its container starts, once", async () => {
  const { asked, given, begin, change } = scene({ there: pod({ state: { waiting: {} } }), follow: ["one", "two"] });
  const following = await begin();
  await turns();
  assert.deepEqual(asked, []);
  change(running);
  change(running);
  await turns();
  assert.deepEqual([asked, given], [["shop-run-1-x/log shop follow"], ["one", "two"]]);
  following.stop();
});

test("what a connection that broke off has not given comes at the end, and nothing twice", async () => {
  const { given, begin } = scene({ there: running, follow: ["one ", "tw"], log: "one two three" });
  const following = await begin();
  await turns();
  await following.finish();
  assert.deepEqual(given, ["one ", "tw", "o three"]);
});

test("the whole log comes at the end where nothing was followed", async () => {
  const { asked, given, begin } = scene({ there: pod(), log: "all" });
  await (await begin()).finish();
  assert.deepEqual([asked, given], [["shop-run-1-x/log shop end"], ["all"]]);
});
