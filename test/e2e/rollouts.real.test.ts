// What goes wrong where pods are not simply replaced one beside the other, and what a rollback has to get out of the way.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { openApiRelay } from "./api-relay.ts";
import { assertHeadline, assertOutcome, rolledBack, serve } from "./matrix.ts";
import { watchNumbers } from "./numbers.ts";
import { operate } from "./operate.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { createSmallApp, type SmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

const crashes = { command: ["node", "-e", 'console.error("no database"); process.exit(4)'] };
const exitCode = /the container \S+ ended with exit code 4, [34] times/;
/** One that is alone answers nothing while it is replaced, however long it waits before it ends. */
const statefulSet = (replicas: number): Spec => ({
  ...{ kind: "StatefulSet", replicas },
  ...(replicas === 1 ? { preStop: 0 } : {}),
});

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

describe("a deploy", () => {
  it("of pods that take a port of their node goes well twice: the old ones go first", async () => {
    await using app = createSmallApp(world, "node-port");
    const hostPort = 20_000 + Math.floor(Math.random() * 10_000);
    const taking: Spec = { podSecurity: "privileged", ports: { http: { port: 3000, hostPort } }, preStop: 0 };
    const address = await serve(world, app, taking);
    const step = await app.deploy({ ...taking, command: server({ text: "second" }) });
    assert.equal(step.outputs["status"], "deployed", step.log);
    await pageWith(address, "second");
  });

  it("of a CronJob alone waits for nothing, twice", async () => {
    await using app = createSmallApp(world, "clock");
    for (const schedule of ["0 3 * * *", "0 4 * * *"]) {
      const step = await app.deploy({ kind: "CronJob", schedule });
      assert.equal(step.outputs["status"], "deployed", step.log);
    }
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

describe("a number of pods that an autoscaler decides from now on", () => {
  const few = { resources: { cpu: "10m", memory: "48Mi" }, preStop: 0 };
  const numbered = (replicas: unknown, text = "first"): Spec => ({ ...few, replicas, command: server({ text }) });
  const conflictFree = (step: { readonly log: string }) => assert.doesNotMatch(step.log, /conflict/i);

  it("stays as it is until the autoscaler looks, and goes back to the manifest without a conflict", async (test) => {
    await using app = createSmallApp(world, "handover");
    const address = await serve(world, app, numbered(3));
    using numbers = await watchNumbers(world, app);

    const planned = await app.deploy(numbered({ min: 3, max: 5 }, "second"), { with: { "dry-run": "true" } });
    assert.match(planned.log, /keeps its number of pods for its autoscaler/);
    assert.match(planned.summary, /keeps its number of pods for its autoscaler/);
    const given = await app.deploy(numbered({ min: 3, max: 5 }, "second"));
    assert.equal(given.outputs["status"], "deployed", given.log);
    await pageWith(address, "second");
    assert.deepEqual([...new Set(numbers.seen.map(({ wanted }) => wanted))], [3], JSON.stringify(numbers.seen));
    assert.ok(Math.min(...numbers.seen.map(({ ready }) => ready)) >= 3, JSON.stringify(numbers.seen));

    // Four are the autoscaler's own number.
    const raised = await app.deploy(numbered({ min: 4, max: 5 }, "second"));
    assert.equal(raised.outputs["status"], "deployed", raised.log);
    await numbers.wanted(4);
    const good = { ...rolledBack, says: [/revision 4 did not .*Revision 3 serves again/], revision: "5" };
    const crashed = await app.deploy({ ...numbered(2), ...crashes });
    assertHeadline(crashed, good);
    conflictFree(crashed);
    // Never a moment with the one pod that Kubernetes takes where nobody says a number.
    assert.ok(Math.min(...numbers.seen.map(({ wanted }) => wanted)) >= 2, JSON.stringify(numbers.seen));

    await numbers.wanted(4);
    const taken = await app.deploy(numbered(2, "third"));
    assert.equal(taken.outputs["status"], "deployed", taken.log);
    conflictFree(taken);
    assert.equal(numbers.seen.at(-1)?.wanted, 2, JSON.stringify(numbers.seen));

    // The autoscaler may have changed it by the time that the deploy goes back.
    const scale = () => world.kubectl("scale", `deployment/${app.name}`, "--replicas=4", "-n", app.release);
    let scaled: Promise<string> | undefined;
    const onLine = (line: string) => {
      if (/revision 7 is applied/.test(line)) scaled = scale();
    };
    const back = await app.deploy({ ...numbered({ min: 2, max: 4 }), ...crashes }, { onLine });
    await scaled;
    assertHeadline(back, { ...rolledBack, says: [/revision 7 did not .*Revision 6 serves again/] });
    conflictFree(back);
    assert.equal(numbers.seen.at(-1)?.wanted, 2, JSON.stringify(numbers.seen));
    test.diagnostic(`${numbers.seen.length} changes of the Deployment were seen`);
  });

  it("is what the manifest says again, forwards and back, also when the autoscaler looks just before it goes", async () => {
    await using relay = await openApiRelay(world.cluster.kubernetes);
    await using app = createSmallApp(world, "takeback");
    const scaled = numbered({ min: 2, max: 3 });
    await serve(world, app, scaled);
    using numbers = await watchNumbers(world, app);
    let raised = 0;
    // As the autoscaler does: by the scale of the Deployment, after Helm has applied it.
    relay.listen({
      async before({ method, path }) {
        if (method !== "DELETE" || !path.includes("/horizontalpodautoscalers/")) return;
        await world.kubectl("scale", `deployment/${app.name}`, "--replicas=2", "-n", app.release);
        raised++;
      },
    });
    const through = { with: { kubeconfig: relay.kubeconfig } };
    const again = /Deployment \S+ gets its number of pods again, 1: its autoscaler had made it 2/;

    const taken = await app.deploy(numbered(1, "second"), through);
    assert.equal(taken.outputs["status"], "deployed", taken.log);
    assert.match(taken.log, again);
    await numbers.wanted(1);

    const back = await app.deploy({ ...scaled, ...crashes }, through);
    assertHeadline(back, { ...rolledBack, says: [/revision 3 did not .*Revision 2 serves again/] });
    assert.match(back.log, again);
    await numbers.wanted(1);
    assert.equal(raised, 2);

    // Nobody but Helm owns the number.
    const next = await app.deploy(numbered(3, "second"));
    assert.equal(next.outputs["status"], "deployed", next.log);
    conflictFree(next);
    await numbers.wanted(3);

    // A person goes back as well.
    const given = await app.deploy(scaled);
    assert.equal(given.outputs["status"], "deployed", given.log);
    const rollback = { operation: "rollback", hold: "false", kubeconfig: relay.kubeconfig };
    const chosen = await operate(world, app, rollback);
    assert.equal(chosen.outputs["status"], "rolled-back", chosen.log);
    assert.match(chosen.log, /gets its number of pods again, 3: its autoscaler had made it 2/);
    await numbers.wanted(3);
  });
});
