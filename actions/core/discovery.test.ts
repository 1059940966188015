import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { discover } from "./discovery.ts";

const list = (items: unknown) => JSON.stringify({ kind: "APIGroupDiscoveryList", items });
const answering = (status: number, core: string, groups = core) => ({
  call: async ({ path }: { path: string }) => ({ status, body: path === "/api" ? core : groups }),
});

describe("the kinds of a cluster", () => {
  it("are found by version and kind", async () => {
    const pods = { resource: "pods", scope: "Namespaced", responseKind: { kind: "Pod" } };
    const nodes = { resource: "nodes", scope: "Cluster", responseKind: { kind: "Node" } };
    const core = list([{ versions: [{ version: "v1", resources: [pods, nodes] }] }]);
    // A group whose server is away has no resources.
    const groups = list([{ metadata: { name: "metrics.k8s.io" }, versions: [{ version: "v1beta1" }] }]);
    const { find } = await discover(answering(200, core, groups));
    assert.deepEqual(find("v1", "Pod"), { group: "", version: "v1", name: "pods", namespaced: true });
    assert.equal(find("v1", "Node")?.namespaced, false);
    assert.equal(find("metrics.k8s.io/v1beta1", "PodMetrics"), undefined);
  });

  for (const [name, status, body, code, says] of [
    [
      "a server without aggregated discovery",
      200,
      '{"kind":"APIVersions","versions":["v1"]}',
      "CLUSTER_REJECTED",
      /1\.30/,
    ],
    ["a proxy's page", 200, "<html>", "CLUSTER_REJECTED", /Accept header/],
    ["a server that knows no such type", 406, "{}", "CLUSTER_REJECTED", /answers with status 406/],
    [
      "a user who may not ask",
      403,
      '{"message":"cannot get path \\"/apis\\""}',
      "CLUSTER_FORBIDDEN",
      /cannot get path/,
    ],
  ] as const) {
    it(`are told to be out of reach behind ${name}`, async () => {
      await assert.rejects(discover(answering(status, body)), (thrown: { code: string; sentence: string }) => {
        assert.equal(thrown.code, code);
        assert.match(thrown.sentence, says);
        return true;
      });
    });
  }
});
