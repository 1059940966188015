import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Lease } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { type Hold, stateOf, writeHold } from "./lease.ts";

const name = { namespace: "prod-shop", release: "prod-shop" };
const ada = { who: "ada", why: "the database is being moved", since: "2026-11-01T08:00:00Z" };
const bob = { who: "bob", why: "the basket is empty", since: "2026-11-01T08:00:01Z" };

/** An API server with one Lease: a write of what was read before another write is a conflict. */
function server() {
  let lease: V1Lease | undefined;
  let version = 0;
  const answer = (code: number) => Object.assign(new Error(`HTTP status ${code}`), { code });
  const store = (body: V1Lease) => {
    version += 1;
    lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(version) } };
    return lease;
  };
  const send = async ({ method = "GET", body }: { method?: string; body?: unknown }) => {
    const given = body as V1Lease;
    if (method === "POST" && lease !== undefined) throw answer(409);
    if (method === "POST") return store(given);
    if (lease === undefined) throw answer(404);
    if (method === "GET") return lease;
    if (given.metadata?.resourceVersion !== lease.metadata?.resourceVersion) throw answer(409);
    return store(given);
  };
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (thrown) {
      if ((thrown as { code?: number }).code !== 409) throw thrown;
      return await ask(call);
    }
  };
  return { cluster: { send, ask } as unknown as Cluster, holder: () => (lease ? stateOf(lease).hold : undefined) };
}

test("of two holds at once one counts, and the other is told of it", async () => {
  const { cluster, holder } = server();
  const write = async (hold: Hold) => (await writeHold(cluster, name, hold))?.hold;
  const [first, second] = await Promise.all([write(ada), write(bob)]);
  assert.deepEqual([first, second], [undefined, ada]);
  assert.deepEqual(holder(), ada);
});

test("a hold that was written, but whose answer was lost, is no other one", async () => {
  const { cluster, holder } = server();
  let lost = false;
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    const answer = await call();
    if (lost) return answer;
    lost = true;
    return await call();
  };
  const before = await writeHold({ ...cluster, ask }, name, ada);
  assert.equal(before?.hold, undefined);
  assert.deepEqual(holder(), ada);
});
