// Releases with a past: made by Helm 3, left by a Helm that was killed, changed by hand, or with nothing good to go back to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { bundledChart } from "../../actions/core/helm.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { poll } from "../../actions/core/retry.ts";
import { endPending } from "../../actions/deploy/lock/pending.ts";
import { listRevisions } from "../../actions/deploy/releases/read.ts";
import { isPending } from "../../actions/deploy/releases/revision.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { openApiRelay } from "./api-relay.ts";
import { assertHeadline, assertOutcome, rolledBack, serve } from "./matrix.ts";
import { watchNumbers } from "./numbers.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { createSmallApp, type SmallApp, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const { helm, helm3 } = await ensureTools(["helm", "helm3"], () => {});
const { signal } = new AbortController();
const cluster = await openCluster({
  kubeconfig: readFileSync(world.cluster.kubernetes.kubeconfig, "utf8"),
  masker: createMasker(() => {}),
  signal,
});

const crashes = { command: ["node", "-e", 'console.error("no database"); process.exit(4)'] };
const exitCode = /the container \S+ ended with exit code 4, [345] times/;

/** Starts a Helm on the release of an app, with the manifest that it was deployed with last, as a person would. */
async function byHand(program: string, app: SmallApp, args: readonly string[], until?: AbortSignal): Promise<void> {
  const environment = { ...world.env, HOME: app.workspace, KUBECONFIG: world.cluster.kubernetes.kubeconfig };
  const stop = until === undefined ? {} : ({ signal: until, stopSignal: "SIGKILL" } as const);
  await run([program, ...args, "--namespace", app.release], { environment, ...stop });
}

/** Lets the pods of a release that a person makes pull: the deploy action applies a Secret for that, plain Helm does not. */
async function allowPulls({ release }: SmallApp): Promise<void> {
  const { address, username, password } = world.cluster.registry;
  const login = [`--docker-server=${address}`, `--docker-username=${username}`, `--docker-password=${password}`];
  await world.kubectl("create", "secret", "docker-registry", "registry-credentials", ...login, "-n", release);
}

function upgrade(app: SmallApp): string[] {
  const values = ["--values", join(app.workspace, ".deploy/manifest.yaml"), "--values", world.clusterFile];
  return ["upgrade", "--install", app.release, bundledChart(), ...values, "--set", "environment=staging"];
}

/** Kills a real Helm while it waits for pods that never become ready. */
async function killed(app: SmallApp, args: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const ends = byHand(helm, app, args, stop.signal);
  const onTimeout = (seen: string) => new Error(`Helm did not begin: ${seen}`);
  await poll({ interval: 50, timeout: 30_000, signal, onTimeout }, async () => {
    const [newest] = await listRevisions(cluster, app.release, app.release);
    return newest !== undefined && isPending(newest) ? { done: true } : { waiting: String(newest?.status) };
  });
  stop.abort(new Error("killed"));
  await assert.rejects(ends, /killed/);
}

describe("a release that Helm 3 made last", () => {
  it("is gone back to when the next revision fails, and goes on when it is good", async (test) => {
    await using app = createSmallApp(world, "helm3");
    app.writeManifest();
    await world.kubectl("create", "namespace", app.release);
    await allowPulls(app);
    await byHand(helm3, app, [...upgrade(app), "--wait"]);
    const address = await serviceAddress(world, "staging", app);
    await pageWith(address, "first");
    // Client-side apply left no manager of Helm's that could be in the way of a server-side one.
    const outcome = { ...rolledBack, says: [...rolledBack.says, exitCode], log: /no database/ };
    await assertOutcome(test, app, address, () => app.deploy(crashes), outcome);
    const env = { ADDED: "1" };
    const good = await app.deploy({ env, command: server({ text: "second" }) });
    assert.deepEqual([good.outputs["status"], good.outputs["revision"]], ["deployed", "4"], good.log);
    await pageWith(address, "second");
    // What the manifest drops is dropped, also of objects that Helm 3 made.
    const less = await app.deploy({ command: server({ text: "third" }) });
    assert.equal(less.outputs["status"], "deployed", less.log);
    const path = "jsonpath={.spec.template.spec.containers[0].env[*].name}";
    const names = await world.kubectl("get", "deployment", app.name, "-n", app.release, "-o", path);
    assert.doesNotMatch(names, /ADDED/);
    // Helm 3 can still work on it.
    await byHand(helm3, app, ["rollback", app.release, "1"]);
  });

  it("keeps its pods when an autoscaler takes over their number, and on the way back to that", async () => {
    await using app = createSmallApp(world, "number");
    const numbered = (replicas: unknown, text: string) => ({
      ...{ replicas, resources: { cpu: "10m", memory: "48Mi" }, preStop: 0 },
      command: server({ text }),
    });
    app.writeManifest(numbered(3, "first"));
    await world.kubectl("create", "namespace", app.release);
    await allowPulls(app);
    await byHand(helm3, app, [...upgrade(app), "--wait"]);
    // Helm looks at the ReplicaSet, the numbers are the Deployment's.
    const ready = "--for=jsonpath={.status.readyReplicas}=3";
    await world.kubectl("wait", `deployment/${app.name}`, "-n", app.release, ready, "--timeout=60s");
    using numbers = await watchNumbers(world, app);
    const fewest = () => Math.min(...numbers.seen.map(({ wanted }) => wanted));

    const given = await app.deploy(numbered({ min: 3, max: 5 }, "second"));
    assert.equal(given.outputs["status"], "deployed", given.log);
    assert.equal(fewest(), 3, JSON.stringify(numbers.seen));
    assert.ok(Math.min(...numbers.seen.map(({ ready }) => ready)) >= 3, JSON.stringify(numbers.seen));
    assert.equal(given.outputs["revision"], "3");

    const failed = await app.deploy({ ...numbered(2, "third"), ...crashes });
    assertHeadline(failed, { code: "DEPLOY_FAILED", says: [/revision 4 did not .*Revision 3 serves again/] });
    assert.equal(fewest(), 2, JSON.stringify(numbers.seen));
    const revisions = ["1 superseded", "2 superseded", "3 superseded", "4 failed", "5 failed", "6 deployed"];
    assert.deepEqual(await app.revisions(), revisions);

    await using relay = await openApiRelay(world.cluster.kubernetes);
    // As an autoscaler that looks after Helm has applied the Deployment, and before Helm deletes it.
    relay.listen({
      async before({ method, path }) {
        if (method !== "DELETE" || !path.includes("/horizontalpodautoscalers/")) return;
        await world.kubectl("scale", `deployment/${app.name}`, "--replicas=3", "-n", app.release);
      },
    });
    const taken = await app.deploy(numbered(2, "fourth"), { with: { kubeconfig: relay.kubeconfig } });
    assert.equal(taken.outputs["status"], "deployed", taken.log);
    assert.match(taken.log, /gets its number of pods again, 2: its autoscaler had made it 3/);
    await numbers.wanted(2);
    // What Helm keeps of the first revision still says its number.
    await byHand(helm3, app, ["rollback", app.release, "1"]);
    await numbers.wanted(3);
  });
});

describe("a release that a killed Helm left", () => {
  it("pending-upgrade is not touched while it is young, with the way out in the error, and recovered when it is old", async () => {
    await using app = createSmallApp(world, "upgrade");
    const address = await serve(world, app);
    app.writeManifest({ command: ["node", "-e", "setInterval(() => {}, 1e6)"] });
    await killed(app, [...upgrade(app), "--wait"]);
    const locked = await app.deploy({}, { with: { "lock-timeout": "1s" } });
    const says = [
      /Revision 2 .* is pending-upgrade/,
      new RegExp(`\`helm rollback ${app.release} 1 -n ${app.release}\``),
    ];
    assertHeadline(locked, { code: "DEPLOY_LOCKED", says });
    await recoverLater(app);
    const step = await app.deploy({ command: server({ text: "second" }) });
    assert.equal(step.outputs["status"], "deployed", step.log);
    assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed", "3 deployed"]);
    await pageWith(address, "second");
  });

  it("pending-install is recovered by what the error says", async () => {
    await using app = createSmallApp(world, "install");
    app.writeManifest({ command: ["node", "-e", "setInterval(() => {}, 1e6)"] });
    await world.kubectl("create", "namespace", app.release);
    await killed(app, [...upgrade(app), "--wait"]);
    const locked = await app.deploy({}, { with: { "lock-timeout": "1s" } });
    const command = `kubectl delete secret sh.helm.release.v1.${app.release}.v1 -n ${app.release}`;
    assertHeadline(locked, { code: "DEPLOY_LOCKED", says: [/is pending-install/, new RegExp(`\`${command}\``)] });
    await world.kubectl(...command.split(" ").slice(1));
    const step = await app.deploy();
    assert.equal(step.outputs["status"], "deployed", step.log);
    await pageWith(await serviceAddress(world, "staging", app), "first");
  });

  it("pending-rollback is recovered when it is old", async () => {
    await using app = createSmallApp(world, "rollback");
    const address = await serve(world, app);
    await allowPulls(app);
    app.writeManifest({ command: server({ text: "by hand" }) });
    await byHand(helm, app, [...upgrade(app), "--wait"]);
    // A rollback that cannot end, because nothing of it is ever ready.
    const stuck = { replicas: 1, updateStrategy: { type: "Recreate" }, ...crashes };
    app.writeManifest(stuck);
    await byHand(helm, app, upgrade(app));
    app.writeManifest({ command: server({ text: "by hand" }) });
    await byHand(helm, app, upgrade(app));
    await killed(app, ["rollback", app.release, "3", "--wait"]);
    await recoverLater(app);
    const step = await app.deploy({ command: server({ text: "second" }) });
    assert.equal(step.outputs["status"], "deployed", step.log);
    await pageWith(address, "second");
  });

  /** What a deploy does a quarter of an hour later: the time of a Secret cannot be set. */
  async function recoverLater(app: SmallApp): Promise<void> {
    const now = () => Date.now() + 16 * 60_000;
    const name = { namespace: app.release, release: app.release };
    const revisions = await endPending(cluster, name, { tookOver: false, timeout: 0, signal, say: () => {}, now });
    assert.equal(revisions[0]?.status, "failed");
  }
});

describe("a way back that fails", () => {
  it("because of what Helm may not make tells both causes, once, and leaves nothing in the way", async (test) => {
    await using app = createSmallApp(world, "quota");
    const settings = { config: { settings: { color: "blue" } }, env: { COLOR: { config: "settings/color" } } };
    const address = await serve(world, app, settings);
    // Enough for what is there already, and not for what revision 1 would need again.
    const quota = ["quota", "few", "--hard=count/configmaps=1", "-n", app.release];
    await world.kubectl("create", ...quota);
    const says = [
      exitCode,
      /The way back to revision 1 failed: helm rollback: .*exceeded quota/,
      new RegExp(`Ready now: ${app.name}-`),
    ];
    const failed = { code: "DEPLOY_FAILED", says, status: "failed", revision: "1" } as const;
    // Helm itself rewrites the revision that it came from.
    const revisions = ["1 superseded", "2 superseded", "3 failed"];
    const step = await assertOutcome(test, app, address, () => app.deploy(crashes), { ...failed, revisions });
    assert.equal(step.log.match(/The way back to revision 1 failed/g)?.length, 1);
    await world.kubectl("delete", "quota", "few", "-n", app.release);
    const next = await app.deploy({ ...settings, command: server({ text: "second" }) });
    assert.equal(next.outputs["status"], "deployed", next.log);
    await pageWith(address, "second");
  });

  it("because a Secret of the last good revision is gone tells both causes, and that nothing serves", async () => {
    await using app = createSmallApp(world, "gone");
    await world.kubectl("create", "namespace", app.release);
    await world.kubectl("create", "secret", "generic", "credentials", "--from-literal=key=value", "-n", app.release);
    const recreate = { updateStrategy: { type: "Recreate" }, preStop: 0 };
    const secrets = { credentials: { existingSecret: "credentials" } };
    await serve(world, app, { ...recreate, secrets, env: { KEY: { secret: "credentials/key" } } });
    await world.kubectl("delete", "secret", "credentials", "-n", app.release);
    const step = await app.deploy({ ...recreate, ...crashes });
    const says = [
      exitCode,
      /The rollback to revision 1 did not become healthy either: .*secret "credentials" not found/,
      /No pod is ready now, so nothing serves/,
    ];
    assertHeadline(step, { code: "DEPLOY_FAILED", says });
    assert.equal(step.outputs["status"], "failed");
    assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed", "3 failed"]);
  });
});

describe("a failed revision that is kept", () => {
  it("because the workflow says so tells the command that goes back", async (test) => {
    await using app = createSmallApp(world, "kept");
    const address = await serve(world, app);
    const command = `helm rollback ${app.release} 1 -n ${app.release}`;
    const says = [exitCode, new RegExp(`It was left as it is; \`${command}\` goes back\\. Ready now: ${app.name}-`)];
    const deploy = () => app.deploy(crashes, { with: { "rollback-on-failure": "false" } });
    const revisions = ["1 superseded", "2 failed"];
    const outcome = { code: "DEPLOY_FAILED", says, status: "failed", revision: "1", revisions } as const;
    await assertOutcome(test, app, address, deploy, outcome);
    await world.helm(...command.split(" ").slice(1), "--wait");
    assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed", "3 deployed"]);
  });

  it("because it is the first install is diagnosed after five tries, and is no obstacle to the next", async () => {
    await using app = createSmallApp(world, "first");
    // Long enough for the kubelet, which waits longer and longer between two tries.
    const step = await app.deploy({ ...crashes, health: { path: "/health", startup: { within: "2m" } } });
    const says = [
      /ended with exit code 4, [56] times/,
      /It is the first install, .*No pod is ready now, so nothing serves/,
    ];
    assertHeadline(step, { code: "DEPLOY_FAILED", says });
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["failed", "0"]);
    assert.deepEqual(await app.revisions(), ["1 failed"]);
    const next = await app.deploy();
    assert.equal(next.outputs["status"], "deployed", next.log);
  });
});

describe("a release that somebody changed by hand", () => {
  it("is not unchanged: what was deleted comes back, and what a person owns is told", async () => {
    await using app = createSmallApp(world, "drift");
    const env = { COLOR: { config: "settings/color" }, SIZE: { config: "settings/size" } };
    const spec = { config: { settings: { color: "blue", size: "large" } }, env };
    await serve(world, app, spec);
    const configMap = ["configmap", `${app.name}-settings`, "-n", app.release];
    assert.equal((await app.deploy(spec)).outputs["status"], "unchanged");

    await world.kubectl("delete", "service", app.name, "-n", app.release);
    const whole = await app.deploy(spec);
    assert.equal(whole.outputs["status"], "deployed", whole.log);
    assert.match(whole.log, new RegExp(`now put right: Service ${app.name}\n`));
    await pageWith(await serviceAddress(world, "staging", app), "first");

    await world.kubectl("patch", ...configMap, "--type=json", "-p", '[{"op":"remove","path":"/data/size"}]');
    assert.equal((await app.deploy(spec)).outputs["status"], "deployed");
    assert.equal(await world.kubectl("get", ...configMap, "-o", "jsonpath={.data.size}"), "large");

    await world.kubectl("patch", ...configMap, "-p", '{"data":{"color":"red"}}');
    const says = [/ConfigMap \S+: .*conflict with "kubectl-patch".*\.data\.color/];
    assertHeadline(await app.deploy(spec), { code: "PREFLIGHT_FAILED", says });
  });
});
