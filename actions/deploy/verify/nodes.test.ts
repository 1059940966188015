import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import { nodeChecks } from "./nodes.ts";

const node = (name: string, ready: string) => ({
  metadata: { name },
  status: {
    conditions: [
      { type: "MemoryPressure", status: "False" },
      { type: "Ready", status: ready },
    ],
  },
});
const nodes = [node("control", "True"), node("relay", "True"), node("verifier", "Unknown")];
const cluster = { read: async () => ({ items: nodes }) } as unknown as Cluster;

test("nodes are counted where the team says how many there are, and those that are not ready are named", async () => {
  assert.deepEqual(nodeChecks(cluster, undefined), []);
  const look = async (expected: number) => await nodeChecks(cluster, expected)[0]?.look(AbortSignal.timeout(1_000));
  assert.deepEqual(await look(2), { state: "passed", said: "2 ready" });
  assert.deepEqual(await look(4), { state: "wrong", final: true, said: "2 of 4 are; not ready: verifier" });
});

test("a node that is missing is a warning: going back to another revision would not bring it", () => {
  assert.equal(nodeChecks(cluster, 4)[0]?.optional, true);
});
