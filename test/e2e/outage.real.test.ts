// An API server that goes away for 20 seconds in the middle of a rollout, as when it is upgraded.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { poll } from "../../actions/core/retry.ts";
import { openApiRelay } from "./api-relay.ts";
import { serve } from "./matrix.ts";
import { keepAsking, pageWith } from "./page.ts";
import { createSmallApp, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

/** Milliseconds that nobody answers: what the test is about. */
const outage = 20_000;

for (const [word, name, starts] of [
  ["outage", "while pods start, and comes back before they are ready", 25_000],
  ["verdict", "while pods start, and comes back when they are ready long since", 6_000],
] as const) {
  test(`an API server that goes away ${name}, is waited for`, async (context) => {
    await using relay = await openApiRelay(world.cluster.kubernetes);
    await using app = createSmallApp(world, word);
    const address = await serve(world, app);
    const asking = keepAsking(address);
    const before = `const until = Date.now() + ${starts}; while (Date.now() < until) {}`;
    const slow = {
      command: server({ text: "second", before }),
      health: { path: "/health", startup: { within: "60s" } },
    };
    const begun = performance.now();
    const deployed = app.deploy(slow, { with: { kubeconfig: relay.kubeconfig } });
    const signal = AbortSignal.timeout(60_000);
    const onTimeout = (seen: string) => new Error(`revision 2 was not applied: ${seen}`);
    await poll({ interval: 100, timeout: 50_000, signal, onTimeout }, async () => {
      const revisions = await app.revisions();
      return revisions.includes("2 deployed") ? { done: true } : { waiting: revisions.join(", ") };
    });
    await relay.cut();
    await wait(outage);
    await relay.heal();
    const step = await deployed;
    context.diagnostic(`${Math.round(performance.now() - begun)} ms`);
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["deployed", "2"], step.log);
    assert.match(step.log, /API server (at \S+ )?(did|does) not answer/);
    assert.deepEqual(
      step.annotations.filter(({ level }) => level === "error"),
      [],
    );
    await pageWith(address, "second");
    const { failures } = await asking.stop();
    assert.deepEqual(failures, []);
  });
}

test("a Helm that did not hear that its revision is deployed counts as done, forwards and back", async () => {
  await using relay = await openApiRelay(world.cluster.kubernetes);
  await using app = createSmallApp(world, "unheard");
  const address = await serve(world, app);
  const lost: string[] = [];
  relay.listen({
    async after({ method, path }) {
      const revision = /\.v([23])$/.exec(path)?.[0];
      if (method !== "PUT" || revision === undefined || lost.includes(revision)) return;
      lost.push(revision);
      await relay.cut();
      await relay.heal();
    },
  });
  const broken = { command: ["node", "-e", "process.exit(7)"] };
  const step = await app.deploy(broken, { with: { kubeconfig: relay.kubeconfig } });
  assert.deepEqual(lost, [".v2", ".v3"], step.log);
  assert.match(step.log, /Helm did not hear that revision 2 is deployed/);
  assert.match(step.log, /Helm did not hear that revision 3 is deployed/);
  assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["rolled-back", "3"], step.log);
  assert.match(step.outputs["reason"] ?? "", /exits with code 7|exit code 7/);
  assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed", "3 deployed"]);
  await pageWith(address, "first");
});

test("an install that Helm could not write down as deployed is written down, so that the next deploy does not wait for it", async () => {
  await using relay = await openApiRelay(world.cluster.kubernetes);
  await using app = createSmallApp(world, "unwritten");
  let lost = false;
  relay.listen({
    async before({ method, path }) {
      if (method !== "PUT" || !path.endsWith(".v1") || lost) return;
      lost = true;
      await relay.cut();
      await relay.heal();
    },
  });
  const step = await app.deploy({}, { with: { kubeconfig: relay.kubeconfig } });
  assert.ok(lost);
  assert.equal(step.outputs["status"], "deployed", step.log);
  assert.deepEqual(await app.revisions(), ["1 deployed"]);
  const next = await app.deploy({ command: server({ text: "second" }) });
  assert.deepEqual([next.outputs["status"], next.outputs["revision"]], ["deployed", "2"], next.log);
});
