// What goes wrong where pods are not simply replaced one beside the other, and what a rollback has to get out of the way.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { assertHeadline, assertOutcome, rolledBack, serve } from "./matrix.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { createSmallApp, type SmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

const crashes = { command: ["node", "-e", 'console.error("no database"); process.exit(4)'] };
const exitCode = /the container \S+ ended with exit code 4, [34] times/;
const statefulSet = (replicas: number): Spec => ({ kind: "StatefulSet", replicas, preStop: 0 });

describe("a rollout that goes wrong", () => {
  for (const replicas of [1, 2]) {
    it(`of a StatefulSet with ${replicas} replica(s) goes back over its broken pod`, async (test) => {
      await using app = createSmallApp(world, "set");
      const address = await serve(world, app, statefulSet(replicas));
      const deploy = () => app.deploy({ ...statefulSet(replicas), ...crashes });
      const outcome = { ...rolledBack, says: [...rolledBack.says, exitCode], log: /no database/, gap: replicas === 1 };
      const step = await assertOutcome(test, app, address, deploy, outcome);
      assert.match(step.log, /-\d is not ready and keeps the next revision: it is deleted/);
    });
  }

  it("of a StatefulSet whose new pod is never ready goes back as well", async (test) => {
    await using app = createSmallApp(world, "unready");
    const good = { ...statefulSet(1), terminationGracePeriod: 5 };
    const address = await serve(world, app, good);
    const bad = { ...good, command: server({ status: 500 }), health: { path: "/health", startup: { within: "5s" } } };
    const outcome = { ...rolledBack, says: [...rolledBack.says, /answered with status 500/], gap: true };
    await assertOutcome(test, app, address, () => app.deploy(bad), outcome);
  });

  it("of a Deployment that ends its pods first goes back", async (test) => {
    await using app = createSmallApp(world, "recreate");
    const good = { updateStrategy: { type: "Recreate" }, preStop: 0 };
    const address = await serve(world, app, good);
    const outcome = { ...rolledBack, says: [...rolledBack.says, exitCode], log: /no database/, gap: true };
    await assertOutcome(test, app, address, () => app.deploy({ ...good, ...crashes }), outcome);
  });

  it("of a DaemonSet that matches no node goes back", async (test) => {
    await using app = createSmallApp(world, "nowhere");
    const good = { kind: "DaemonSet", preStop: 0 };
    const address = await serve(world, app, good);
    const deploy = () => app.deploy({ ...good, nodeSelector: { "example.com/disk": "fast" } });
    const says = /no node matches the DaemonSet \S+, so it runs nowhere\. .*Correct `nodeSelector`/;
    await assertOutcome(test, app, address, deploy, { ...rolledBack, says: [...rolledBack.says, says], gap: true });
  });
});

describe("a component that becomes another kind", () => {
  it("leaves nothing of the Deployment behind, and the StatefulSet answers under the same name", async () => {
    await using app = createSmallApp(world, "kind");
    const address = await serve(world, app);
    const step = await app.deploy({ ...statefulSet(1), command: server({ text: "second" }) });
    assert.equal(step.outputs["status"], "deployed", step.log);
    await pageWith(address, "second");
    const names = await world.kubectl("get", "deployments,statefulsets", "-n", app.release, "-o", "name");
    assert.equal(names.trim(), `statefulset.apps/${app.name}`);
  });
});

/** The name of an application's only pod. */
async function podOf({ release }: SmallApp): Promise<string> {
  return await world.kubectl("get", "pods", "-n", release, "-o", "jsonpath={.items[0].metadata.name}");
}

describe("a pod that does not end", () => {
  it("because of a finalizer is named, and the way back does not wait for it for ever", async (test) => {
    await using app = createSmallApp(world, "finalizer");
    const good = { ...statefulSet(1), terminationGracePeriod: 1 };
    await serve(world, app, good);
    const setFinalizers = async (finalizers: readonly string[] | null) => {
      const patch = JSON.stringify({ metadata: { finalizers } });
      await world.kubectl("patch", "pod", await podOf(app), "-n", app.release, "--type=merge", "-p", patch);
    };
    await setFinalizers(["example.com/hold"]);
    try {
      const begun = performance.now();
      const step = await app.deploy({ ...good, ...crashes });
      test.diagnostic(`${Math.round(performance.now() - begun)} ms`);
      const held = `the old pod ${app.name}-0 has ended, but is kept by the finalizer example.com/hold`;
      const says = [
        new RegExp(`did not become healthy: ${held}`),
        new RegExp(`did not become healthy either: ${held}`),
      ];
      assertHeadline(step, { code: "DEPLOY_FAILED", says });
      assert.equal(step.outputs["status"], "failed");
    } finally {
      await setFinalizers(null);
    }
    // Nothing of it is in the way of the next deploy.
    const next = await app.deploy({ ...good, command: server({ text: "second" }) });
    assert.equal(next.outputs["status"], "deployed", next.log);
    await pageWith(await serviceAddress(world, "staging", app), "second");
  });

  it("within its time is told when that is longer than the deploy may take", async () => {
    await using app = createSmallApp(world, "lingers");
    const program =
      'process.on("SIGTERM", () => {}); require("node:http").createServer((_, response) => response.end("first")).listen(3000)';
    const good = { ...statefulSet(1), terminationGracePeriod: 600, command: ["node", "-e", program] };
    await serve(world, app, good);
    // On the way back it would be waited for as well.
    const keep = { timeout: "20s", "rollback-on-failure": "false" };
    const step = await app.deploy({ ...good, ...crashes }, { with: keep });
    const says = [new RegExp(`the old pod ${app.name}-0 does not end, for which it has 600 s`)];
    assertHeadline(step, { code: "DEPLOY_FAILED", says });
    assert.equal(step.outputs["status"], "failed");
    await world.kubectl("delete", "pod", `${app.name}-0`, "-n", app.release, "--force", "--grace-period=0");
  });
});
