// The relay in front of the API server is what other tests stand on: everything passes, and a cut is a cut.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { openApiRelay } from "./api-relay.ts";
import { createSmallApp } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

test("a deploy with checks passes through the relay, and each of its writes is seen", async () => {
  await using relay = await openApiRelay(world.cluster.kubernetes);
  await using app = createSmallApp(world, "relay");
  const answered: string[] = [];
  const begun: string[] = [];
  relay.listen({
    before: ({ method, path }) => void begun.push(`${method} ${path}`),
    after: ({ method, path }) => void answered.push(`${method} ${path}`),
  });
  const verify = { program: { run: "node --version", expect: { text: "v" } } };
  const step = await app.deploy({ verify }, { with: { kubeconfig: relay.kubeconfig, verify: "true" } });
  assert.equal(step.outputs["status"], "deployed", step.log);
  assert.deepEqual(answered.toSorted(), begun.toSorted());
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${app.release}/leases`;
  const secret = `/api/v1/namespaces/${app.release}/secrets`;
  assert.ok(answered.includes(`POST ${lease}`), answered.join("\n"));
  assert.ok(answered.includes(`DELETE ${lease}/deploy-${app.release}`));
  // Helm comes this way too.
  assert.ok(answered.includes(`POST ${secret}`));
  assert.ok(answered.includes(`PATCH /apis/apps/v1/namespaces/${app.release}/deployments/${app.name}`));
});

test("nothing answers while the way is cut, and everything once it is healed", async () => {
  await using relay = await openApiRelay(world.cluster.kubernetes);
  const { signal } = new AbortController();
  const cluster = await openCluster({ kubeconfig: relay.kubeconfig, masker: createMasker(() => {}), signal });
  const before = await cluster.version();
  for (const how of ["refuse", "silent"] as const) {
    await relay.cut(how);
    await assert.rejects(cluster.call({ path: "/version" }, AbortSignal.timeout(500)));
    await relay.heal();
    assert.equal(await cluster.version(), before);
  }
});
