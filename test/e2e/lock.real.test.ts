// One run at a time changes a release, and whatever a run leaves behind, the next one finds its way.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { bundledChart } from "../../actions/core/helm.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { poll } from "../../actions/core/retry.ts";
import { readLease, stateOf, takeLease } from "../../actions/deploy/lock/lease.ts";
import { isLock, takeLock } from "../../actions/deploy/lock/lock.ts";
import { listRevisions } from "../../actions/deploy/releases/read.ts";
import { isPending } from "../../actions/deploy/releases/revision.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import type { WorkflowEvent } from "../harness/environment.ts";
import { runAction } from "../harness/job.ts";
import type { JobOptions, StepOptions } from "../harness/types.ts";
import { openApiRelay } from "./api-relay.ts";
import { pageWith, readPage, serviceAddress } from "./page.ts";
import { leftBesideReports } from "./report.ts";
import { type App, createApp, openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
const cluster = await openCluster({
  kubeconfig,
  masker: createMasker(() => {}),
  signal: new AbortController().signal,
});
const action = join(repository, "actions/deploy");

/** An app whose image is in the registry, and its release's names. */
async function appWithImage(word: string) {
  const app = createApp(world, word);
  const { registry, baseImage } = world.cluster;
  const step = await runAction(join(repository, "actions/image"), {
    workspace: app.workspace,
    event: app.event,
    env: world.env,
    with: {
      registry: registry.address,
      username: registry.username,
      password: registry.password,
      name: app.name,
      "build-args": `BASE_IMAGE=${baseImage.reference}`,
    },
  });
  const release = `staging-${app.name}`;
  return { app, image: step.outputs["image"] ?? "", name: { namespace: release, release } };
}

type Options = StepOptions & Pick<JobOptions, "onLine"> & { readonly event?: Partial<WorkflowEvent> };

async function deploy(app: App, image: string, options: Options = {}) {
  const { DOCKER_REGISTRY_USERNAME = "", DOCKER_REGISTRY_PASSWORD = "" } = world.cluster.infisical.secrets;
  const { with: inputs, env, event, ...others } = options;
  return await runAction(action, {
    workspace: app.workspace,
    event: { ...app.event, ...event },
    secrets: world.secrets,
    ...others,
    env: { ...world.env, DOCKER_REGISTRY_USERNAME, DOCKER_REGISTRY_PASSWORD, ...env },
    with: { environment: "staging", image, kubeconfig, cluster: world.clusterFile, verify: "false", ...inputs },
  });
}

describe("the lock of a release", () => {
  it("lets two deploys happen one after the other, and is gone after them", async () => {
    const { app, image, name } = await appWithImage("both");
    await using _ = app;
    // Of the same application, but from different repositories and with different values.
    const facts = readFileSync(world.clusterFile, "utf8");
    const jobs = ["1001", "1002"].map((id) => {
      const cluster = join(app.workspace, `cluster-${id}.yaml`);
      writeFileSync(cluster, `${facts}  telemetry:\n    endpoint: http://collector-${id}:4318\n`);
      const event = { repository: `acme/both-${id}` };
      return deploy(app, image, { event, env: { GITHUB_RUN_ID: id }, with: { cluster } });
    });
    const steps = await Promise.all(jobs);
    for (const step of steps) assert.equal(step.outputs["status"], "deployed", step.log);
    assert.deepEqual(steps.map(({ outputs }) => outputs["revision"]).sort(), ["1", "2"]);
    assert.equal(steps.filter(({ log }) => /Waiting for acme\/both-(100[12])#\1\/1\//.test(log)).length, 1);
    assert.equal(await readLease(cluster, name), undefined);
  });

  it("is waited for only so long, and the error names who has it", async () => {
    const { app, image, name } = await appWithImage("busy");
    await using _ = app;
    await world.kubectl("create", "namespace", name.namespace);
    await takeLease(cluster, name, undefined, { identity: "acme/other#9/1/deploy", url: "https://example.com/9" });
    const step = await deploy(app, image, { with: { "lock-timeout": "1s" } });
    const [error, ...others] = step.annotations.filter(({ level }) => level === "error");
    assert.deepEqual(others, []);
    assert.match(error?.message ?? "", /is being deployed by acme\/other#9\/1\/deploy \(https:\/\/example\.com\/9\)/);
    assert.deepEqual(await listRevisions(cluster, name.namespace, name.release), []);
  });

  it("is given up in time where it cannot be taken at all, because the namespace is gone", async () => {
    const request = {
      ...{ namespace: "never-made", release: "never-made", identity: "acme/web#1/1/deploy", url: "", timeout: 1 },
      lease: 60_000,
      signal: AbortSignal.timeout(30_000),
      say: () => {},
      onLost: () => {},
    };
    await assert.rejects(takeLock(cluster, request), /never-made is being deployed, and did not become free/);
  });

  it("is not taken while a person holds the release", async () => {
    const { app, image, name } = await appWithImage("held");
    await using _ = app;
    await world.kubectl("create", "namespace", name.namespace);
    const hold = JSON.stringify({ who: "ada", why: "the database is being moved", since: "2026-11-01" });
    const metadata = {
      name: `deploy-${name.release}`,
      namespace: name.namespace,
      annotations: { "fairlead/hold": hold },
    };
    const path = `/apis/coordination.k8s.io/v1/namespaces/${name.namespace}/leases`;
    await cluster.read({ method: "POST", path, body: { metadata, spec: {} } });
    const step = await deploy(app, image);
    assert.equal(step.conclusion, "success", step.log);
    assert.equal(step.outputs["status"], "held");
    const warnings = step.annotations.filter(({ level }) => level === "warning").map(({ message }) => message);
    assert.match(warnings.join("\n"), /ada holds it since 2026-11-01: the database is being moved/);
    assert.deepEqual(await listRevisions(cluster, name.namespace, name.release), []);
  });
});

describe("a deploy of what is deployed already", () => {
  it("changes nothing, unless what is there is not healthy any more", async () => {
    const { app, image, name } = await appWithImage("same");
    await using _ = app;
    const first = await deploy(app, image, { env: { GITHUB_RUN_NUMBER: "28" } });
    assert.equal(first.outputs["status"], "deployed", first.log);
    const again = await deploy(app, image, { event: app.commit(), env: { GITHUB_RUN_NUMBER: "30" } });
    assert.deepEqual([again.outputs["status"], again.outputs["revision"]], ["unchanged", "1"], again.log);
    // The run is noted all the same: one that began before it is older.
    const older = await deploy(app, image, { env: { GITHUB_RUN_NUMBER: "29" } });
    assert.equal(older.outputs["status"], "superseded");
    await world.kubectl("delete", "deployment", app.name, "-n", name.namespace);
    const mended = await deploy(app, image, { env: { GITHUB_RUN_NUMBER: "31" } });
    assert.deepEqual([mended.outputs["status"], mended.outputs["revision"]], ["deployed", "2"], mended.log);
  });
});

describe("an older run", () => {
  it("does not replace what a newer one has deployed, unless it is run again by a person", async () => {
    const { app, image } = await appWithImage("older");
    await using _ = app;
    const number = (value: string) => ({ env: { GITHUB_RUN_NUMBER: value } });
    const newer = await deploy(app, image, number("20"));
    assert.equal(newer.outputs["status"], "deployed", newer.log);
    const older = await deploy(app, image, number("19"));
    assert.deepEqual(
      [older.conclusion, older.outputs["status"], older.outputs["revision"]],
      ["success", "superseded", "1"],
    );
    app.edit(".deploy/manifest.yaml", "NODE_ENV: development", "NODE_ENV: test");
    const again = await deploy(app, image, { env: { GITHUB_RUN_NUMBER: "19", GITHUB_RUN_ATTEMPT: "2" } });
    assert.deepEqual([again.outputs["status"], again.outputs["revision"]], ["deployed", "2"], again.log);
  });
});

describe("an older run that waits behind a newer one", () => {
  it("ends as superseded when that has deployed", async () => {
    const { app, image, name } = await appWithImage("behind");
    await using _ = app;
    await using relay = await openApiRelay(world.cluster.kubernetes);
    const waits = Promise.withResolvers<void>();
    relay.listen({
      // Helm makes no revision until the other one waits.
      async before({ method, path }) {
        if (method === "POST" && path.endsWith("/secrets")) await waits.promise;
      },
    });
    const run = (number: string) => ({ GITHUB_RUN_NUMBER: number, GITHUB_RUN_ID: number });
    const newer = deploy(app, image, { env: run("20"), with: { kubeconfig: relay.kubeconfig } });
    await untilLocked(name);
    const onLine = (line: string) => {
      if (line.includes("Waiting for ")) waits.resolve();
    };
    const older = await deploy(app, image, { env: run("19"), onLine }).finally(waits.resolve);
    assert.equal((await newer).outputs["status"], "deployed", (await newer).log);
    assert.match(older.log, /Waiting for \S+#20\/1\//);
    assert.deepEqual([older.conclusion, older.outputs["status"]], ["success", "superseded"], older.log);
    assert.equal((await listRevisions(cluster, name.namespace, name.release)).length, 1);
  });
});

describe("a lock that is held", () => {
  it("stays its holder's when the answer to a renewal was lost, and when a person asks for a hold", async () => {
    await using place = await openPlace("renewed");
    const { relay, name } = place;
    let renewals = 0;
    relay.listen({
      async after({ method }) {
        if (method !== "PUT" || ++renewals !== 2) return;
        await relay.cut();
        await relay.heal();
      },
    });
    const { lock, lost } = await place.take("acme/web#1", relay.kubeconfig);
    const hold = JSON.stringify({ who: "ada", why: "the database is being moved", since: "2026-11-01" });
    await world.kubectl("annotate", "lease", `deploy-${name.release}`, "-n", name.namespace, `fairlead/hold=${hold}`);
    await until("five renewals", async () => renewals > 5);
    assert.deepEqual(lost, []);
    await lock.confirm();
    await lock.giveUp();
    const after = await readLease(cluster, name);
    assert.ok(after !== undefined);
    assert.deepEqual([stateOf(after).holder, stateOf(after).hold?.who], ["", "ada"]);
  });

  it("is lost before another run can take it, when nothing answers any more", async () => {
    await using place = await openPlace("fenced");
    const { lost } = await place.take("acme/web#1", place.relay.kubeconfig);
    await place.relay.cut("silent");
    const next = await place.take("acme/web#2", kubeconfig);
    assert.equal(lost.length, 1);
    assert.equal(next.lock.tookOver, true);
    await next.lock.giveUp();
  });

  it("is lost as soon as it is another's", async () => {
    await using place = await openPlace("taken");
    const { lock, lost } = await place.take("acme/web#1", kubeconfig);
    // The lock may renew it between the two.
    await until("the lease", async () => {
      const lease = await readLease(cluster, place.name);
      const taken = await takeLease(cluster, place.name, lease, { identity: "acme/web#2", url: "" });
      return taken !== undefined;
    });
    await assert.rejects(lock.confirm(), /acme\/web#2 has it now/);
    assert.equal(lost.length, 1);
  });

  it("is known as taken from a dead run also when the answer to that was lost", async () => {
    await using place = await openPlace("unheard");
    const dead = { identity: "acme/dead#1", url: "", lease: 1_000 };
    await takeLease(cluster, place.name, undefined, dead);
    const { relay } = place;
    const stop = relay.listen({
      async after({ method }) {
        if (method !== "PUT") return;
        stop();
        await relay.cut();
        await relay.heal();
      },
    });
    const { lock } = await place.take("acme/web#2", relay.kubeconfig);
    assert.equal(lock.tookOver, true);
    await lock.giveUp();
    assert.equal(await readLease(cluster, place.name), undefined);
  });
});

/** A namespace for one lock, and a way to the API server that can be cut. */
async function openPlace(word: string) {
  const release = `${word}-${randomBytes(3).toString("hex")}`;
  const name = { namespace: release, release };
  await world.kubectl("create", "namespace", release);
  const relay = await openApiRelay(world.cluster.kubernetes);
  const take = async (identity: string, way: string) => {
    const { signal } = new AbortController();
    const there = await openCluster({ kubeconfig: way, masker: createMasker(() => {}), signal });
    const lost: Error[] = [];
    const onLost = (reason: Error) => void lost.push(reason);
    const request = { ...name, identity, url: "", lease: 4_000, timeout: 60_000, signal, say: () => {}, onLost };
    const lock = await takeLock(there, request);
    assert.ok(isLock(lock));
    return { lock, lost };
  };
  return {
    relay,
    name,
    take,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await world.kubectl("delete", "namespace", release, "--wait=false");
    },
  };
}

/** Looks every 50 ms, a minute at most. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const onTimeout = () => new Error(`it did not come to this: ${what}`);
  await poll({ interval: 50, timeout: 60_000, signal: AbortSignal.timeout(90_000), onTimeout }, async () =>
    (await isSo()) ? { done: true } : { waiting: what },
  );
}

async function untilLocked(name: { namespace: string; release: string }): Promise<void> {
  await until("a lock", async () => (await readLease(cluster, name)) !== undefined);
}

describe("a deploy that is cut off", () => {
  it("goes back when the job is cancelled, and leaves no lock", async () => {
    const { app, image, name } = await appWithImage("cancelled");
    await using _ = app;
    const first = await deploy(app, image);
    assert.equal(first.outputs["status"], "deployed", first.log);
    const address = await serviceAddress(world, "staging", app);
    await pageWith(address, app.event.commit ?? "");
    // The rollout has to last until the job is cancelled: no node has so many processors.
    app.edit(".deploy/manifest.yaml", "cpu: 100m", "cpu: 64");
    const step = await deploy(app, image, { cancelAfter: /revision 2 is applied/ });
    assert.equal(step.conclusion, "cancelled", step.log);
    const errors = step.annotations.filter(({ level }) => level === "error");
    assert.equal(errors.length, 1, step.log);
    assert.match(step.log, /goes back to revision 1, because the step was stopped/);
    const [newest, stopped] = await listRevisions(cluster, name.namespace, name.release);
    assert.deepEqual([newest?.number, newest?.status, stopped?.status], [3, "deployed", "failed"]);
    assert.equal(await readLease(cluster, name), undefined);
    assert.match(await readPage(address), new RegExp(app.event.commit ?? "never"));
    assert.deepEqual(leftBesideReports(step.leftBehind, step), []);
  });

  it("is recovered by the next run when its runner was lost while Helm worked", async () => {
    const { app, image, name } = await appWithImage("lost");
    await using _ = app;
    const first = await deploy(app, image);
    assert.equal(first.outputs["status"], "deployed", first.log);
    await killHelm(name);
    const lease = await takeLease(cluster, name, undefined, { identity: "acme/lost#1/1/deploy", url: "" });
    const longAgo = new Date(Date.now() - 3_600_000).toISOString().replace("Z", "000Z");
    const old = JSON.stringify({ spec: { renewTime: longAgo } });
    await world.kubectl("patch", "lease", lease?.metadata?.name ?? "", "-n", name.namespace, "--type=merge", "-p", old);
    const step = await deploy(app, image);
    assert.equal(step.outputs["status"], "deployed", step.log);
    const revisions = await listRevisions(cluster, name.namespace, name.release);
    assert.deepEqual(
      revisions.map(({ status }) => status),
      ["deployed", "failed", "superseded"],
    );
    const history = await world.helm("history", name.release, "-n", name.namespace);
    assert.match(history, /Left pending-upgrade by a run that ended/);
    const after = await readLease(cluster, name);
    assert.equal(after === undefined ? "" : stateOf(after).holder, "");
  });

  it("is not taken for lost while Helm may still be at work", async () => {
    const { app, image, name } = await appWithImage("young");
    await using _ = app;
    const first = await deploy(app, image);
    assert.equal(first.outputs["status"], "deployed", first.log);
    await killHelm(name);
    const step = await deploy(app, image, { with: { "lock-timeout": "1s" } });
    const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
    assert.equal(errors.length, 1, step.log);
    assert.match(errors[0] ?? "", /Revision 2 .* is pending-upgrade.*`helm rollback \S+ 1 -n \S+` clears it/);
  });
});

/** Kills a real Helm while it waits for pods that never come: revision 2 stays pending. */
async function killHelm({ namespace, release }: { namespace: string; release: string }): Promise<void> {
  const { helm } = await ensureTools(["helm"], () => {});
  const killed = new AbortController();
  const upgrade = ["upgrade", release, bundledChart(), "--namespace", namespace, "--reuse-values", "--wait"];
  const helmEnds = run([helm, ...upgrade, "--set", "deploy.images.main=registry.invalid/absent:1"], {
    environment: { ...world.env, HOME: "/nonexistent", KUBECONFIG: world.cluster.kubernetes.kubeconfig },
    signal: killed.signal,
    stopSignal: "SIGKILL",
  });
  const onTimeout = (seen: string) => new Error(`Helm did not begin: ${seen}`);
  await poll({ interval: 50, timeout: 30_000, signal: AbortSignal.timeout(60_000), onTimeout }, async () => {
    const [newest] = await listRevisions(cluster, namespace, release);
    return newest !== undefined && isPending(newest) ? { done: newest } : { waiting: String(newest?.status) };
  });
  killed.abort(new Error("killed"));
  await assert.rejects(helmEnds, /killed/);
}
