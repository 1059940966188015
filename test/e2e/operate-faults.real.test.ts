// Operations that do not work out, are refused, have to wait, or are cut off.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { bundledChart } from "../../actions/core/helm.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { poll } from "../../actions/core/retry.ts";
import { dropLease, readLease, stateOf, takeLease } from "../../actions/deploy/lock/lease.ts";
import { operate, rowsOf, textsOf } from "./operate.ts";
import { onlyError } from "./report.ts";
import { createSmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const cluster = await openCluster({
  kubeconfig: readFileSync(world.cluster.kubernetes.kubeconfig, "utf8"),
  masker: createMasker(() => {}),
  signal: new AbortController().signal,
});

const app = createSmallApp(world, "fault");
after(() => app[Symbol.asyncDispose]());
const { release } = app;
const name = { namespace: release, release };
const said = 'console.log("a run began")';
const single = { port: undefined, image: undefined, command: undefined, resources: undefined, health: undefined };

/** The server as a component, which may need a Secret that is made by hand. */
function system(text: string, env?: Spec): Spec {
  const image = world.cluster.baseImage.reference;
  const health = { path: "/health", startup: { within: "20s" } };
  const common = { name: "web", image, port: 3000, health, preStop: 0, resources: { cpu: "20m", memory: "48Mi" } };
  return {
    ...single,
    secrets: { keys: { existingSecret: "keys" } },
    components: { web: { ...common, command: server({ text, before: said }), ...(env === undefined ? {} : { env }) } },
  };
}

const ask = async (inputs: Readonly<Record<string, string>>, options = {}) =>
  await operate(world, app, inputs, options);
const podNames = async (): Promise<string[]> => {
  const { items } = JSON.parse(await world.kubectl("get", "pods", "-n", release, "-o", "json"));
  return items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
};
const newestIn = (revisions: readonly string[]) => revisions.at(-1)?.split(" ")[0];
const keys = () => ({
  ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "keys", namespace: release } },
  stringData: { key: "a key of sixteen letters" },
});

before(async () => {
  await world.kubectl("create", "namespace", release);
  await world.apply(keys());
  const manifests = { extra: { apiVersion: "v1", kind: "ConfigMap", data: { text: "first" } } };
  const first = { ...system("first", { KEY: { secret: "keys/key" } }), manifests };
  for (const spec of [first, system("second")]) {
    const step = await app.deploy(spec, { with: { image: `web=${world.cluster.baseImage.reference}` } });
    assert.equal(step.outputs["status"], "deployed", step.log);
  }
});

describe("an operation that meets trouble", () => {
  it("waits for a deploy that runs, and only so long; a hold counts at once", async () => {
    const other = { identity: "acme/other#9/1/deploy", url: "https://example.com/9" };
    await takeLease(cluster, name, undefined, other);
    const late = await ask({ operation: "restart", "lock-timeout": "1s" });
    assert.match(onlyError(late).message, /is being deployed by acme\/other#9\/1\/deploy/);
    const held = await ask({ operation: "hold", reason: "the database is being moved" });
    assert.match(held.report.said, /acme\/other#9\/1\/deploy deploys it now, and ends as it does/, held.log);
    const lease = await readLease(cluster, name);
    assert.equal(lease && stateOf(lease).holder, other.identity);
    await dropLease(cluster, name, other.identity);
    const resumed = await ask({ operation: "resume" });
    assert.equal(resumed.outputs["status"], "resumed", resumed.log);
    assert.equal(await readLease(cluster, name), undefined);
  });

  it("rollback refuses a revision that is not there, or is deployed", async () => {
    const absent = await ask({ operation: "rollback", revision: "9" });
    assert.match(onlyError(absent).message, /has no revision 9\. Name one with `revision`: 1\./);
    assert.deepEqual([absent.report.status, absent.outputs["revision"]], ["refused", "2"]);
    const current = await ask({ operation: "rollback", revision: "2" });
    assert.match(onlyError(current).message, /Revision 2 of \S+ is what is deployed now\./);
    assert.deepEqual(await app.revisions(), ["1 superseded", "2 deployed"]);
    assert.equal(await readLease(cluster, name), undefined);
  });

  it("rollback that is cancelled gives the lock back", async () => {
    const step = await ask({ operation: "rollback", hold: "false" }, { cancelAfter: /goes back to revision 1/ });
    assert.equal(step.conclusion, "cancelled", step.log);
    assert.equal(await readLease(cluster, name), undefined);
    const again = await app.deploy(system("second"), { with: { image: `web=${world.cluster.baseImage.reference}` } });
    assert.equal(again.conclusion, "success", again.log);
  });

  it("rollback that Helm cannot apply tells Helm's words, and what serves", async () => {
    // The first revision has one more ConfigMap than there may be.
    const spec = { hard: { "count/configmaps": "1" } };
    const metadata = { name: "few", namespace: release };
    await world.apply({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec });
    await world.kubectl("wait", "resourcequota/few", "-n", release, "--for=jsonpath={.status.used}", "--timeout=60s");
    const before = await app.revisions();
    const step = await ask({ operation: "rollback", revision: "1", hold: "false" });
    assert.match(onlyError(step).message, /helm rollback: .*exceeded quota[\s\S]* Ready now: web-/);
    assert.equal(step.report.code, "HELM_FAILED");
    assert.deepEqual((await app.revisions()).slice(before.length), [`${before.length + 1} failed`]);
    await world.kubectl("delete", "resourcequota", "few", "-n", release);
  });

  it("rollback to what cannot run any more says why, and leaves it to the person", async () => {
    await world.kubectl("delete", "secret", "keys", "-n", release);
    const step = await ask({ operation: "rollback", revision: "1" });
    assert.match(
      onlyError(step).message,
      /went back to revision 1, which did not become healthy: .*secret "keys" not found\. Ready now: web-/,
    );
    assert.deepEqual([step.outputs["status"], step.report.code], ["failed", "OPERATION_FAILED"]);
    const newest = (await app.revisions()).at(-1) ?? "";
    assert.match(newest, /failed$/);
    const again = await ask({ operation: "rollback", revision: newest.split(" ")[0] ?? "" });
    assert.match(onlyError(again).message, /Revision \d+ of \S+ has failed\. Name one with `revision`: /);
    const state = await ask({ operation: "status" });
    assert.equal(state.outputs["status"], "unhealthy", state.log);
    assert.ok(rowsOf(state.report, "Release").some(({ what }) => what === "Held"));
    assert.match(rowsOf(state.report, "Pods")[0]?.["state"] ?? "", /CreateContainerConfigError/);
    assert.ok(rowsOf(state.report, "Warnings").length > 0);
  });

  it("A-30 a stuck pod is deleted by force where it is named", async () => {
    const { report } = await ask({ operation: "status" });
    const pod = rowsOf(report, "Pods")[0]?.["pod"] ?? "";
    const step = await ask({ operation: "restart", confirm: `pod/${pod}` });
    assert.match(step.report.said, new RegExp(`Deleted by force: ${pod} \\(CreateContainerConfigError\\)`), step.log);
    assert.ok(!(await podNames()).includes(pod));
    const other = await ask({ operation: "restart", confirm: "pod/other" });
    assert.match(onlyError(other).message, /web has no pod\/other\./);
  });

  it("restart that does not become healthy names the cause and what still serves", async () => {
    const step = await ask({ operation: "restart" });
    assert.match(
      onlyError(step).message,
      /web was restarted and did not become healthy: .*secret "keys" not found\. Ready now: web-/,
    );
    await world.apply(keys());
    const again = await ask({ operation: "restart" });
    assert.equal(again.outputs["status"], "restarted", again.log);
  });

  it("run that does not end in time says so", async () => {
    const inside = await ask({ operation: "run", command: "sleep 30", timeout: "1s" });
    assert.match(onlyError(inside).message, /did not end within 1\.0 s, and may still run in the pod/);
    const { items } = JSON.parse(await world.kubectl("get", "jobs", "-n", release, "-o", "json"));
    const apart = await ask({ operation: "run", command: "sleep 30", job: "true" }, { cancelAfter: /Job .* is made/ });
    assert.equal(apart.conclusion, "cancelled", apart.log);
    assert.deepEqual(JSON.parse(await world.kubectl("get", "jobs", "-n", release, "-o", "json")).items, items);
  });

  it("logs shows what was written before the last restart", async () => {
    await ask({ operation: "run", command: "kill 1" });
    const onTimeout = (waiting: string) => new Error(waiting);
    await poll({ interval: 200, timeout: 60_000, signal: AbortSignal.timeout(90_000), onTimeout }, async () => {
      const { report } = await ask({ operation: "status" });
      const [pod] = rowsOf(report, "Pods");
      return pod?.["restarts"] === "1" && pod["state"] === "ready" ? { done: pod } : { waiting: JSON.stringify(pod) };
    });
    const step = await ask({ operation: "logs", previous: "true", pattern: "began" });
    assert.equal(textsOf(step.report), "a run began", step.log);
  });

  it("goes by what a deploy that it waited for has deployed", async () => {
    const other = { identity: "acme/other#10/1/deploy", url: "https://example.com/10" };
    assert.ok(await takeLease(cluster, name, await readLease(cluster, name), other));
    const waits = Promise.withResolvers<void>();
    const onLine = (line: string) => {
      if (line.includes(`Waiting for ${other.identity}`)) waits.resolve();
    };
    const asked = ask({ operation: "restart", component: "extra" }, { onLine });
    await Promise.race([waits.promise, asked]);
    const image = world.cluster.baseImage.reference;
    const extra = { name: "extra", image, port: 3000, command: server(), resources: { cpu: "20m", memory: "48Mi" } };
    const addition = `spec.components.extra=${JSON.stringify(extra)}`;
    await world.helm("upgrade", release, bundledChart(), "-n", release, "--reuse-values", "--set-json", addition);
    await dropLease(cluster, name, other.identity);
    const step = await asked;
    assert.match(step.report.said, /All pods of extra are new and ready/, step.log);
    assert.equal(step.outputs["revision"], newestIn(await app.revisions()));
  });

  it("stop that does not end in time tells what is stopped, and that it drifted", async () => {
    // It has ended when this is taken from it, and not before.
    const ofDeployment = "app.kubernetes.io/component=web,pod-template-hash";
    const held = (await world.kubectl("get", "pods", "-n", release, "-l", ofDeployment, "-o", "name")).trim();
    const hold = async (finalizers: readonly string[]) => {
      const patch = JSON.stringify({ metadata: { finalizers } });
      await world.kubectl("patch", held, "-n", release, "--type=merge", "-p", patch);
    };
    await hold(["example.com/held"]);
    const step = await ask({ operation: "stop", timeout: "1ms" }).finally(() => hold([]));
    assert.match(
      onlyError(step).message,
      new RegExp(`Not everything has ended within .*${held.replace("pod/", "")}`),
      step.log,
    );
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["failed", newestIn(await app.revisions())]);
    const stopped = rowsOf(step.report, "Stopped").map(({ what }) => what);
    assert.ok(stopped.includes("scaled to 0 pods"), step.log);
    assert.ok(
      rowsOf(step.report, "Drift").some(({ object }) => object === "Deployment web"),
      step.log,
    );
  });

  it("remove with the names of everything leaves nothing", async () => {
    const foreign = {
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "other", namespace: release } },
      ...{ type: "helm.sh/release.v1", stringData: { release: "" } },
    };
    await world.apply({ ...foreign, metadata: { ...foreign.metadata, labels: { owner: "helm", name: "other" } } });
    const shared = await ask({ operation: "remove", confirm: `namespace/${release}` });
    assert.match(onlyError(shared).message, /cannot be deleted: it holds the release other\./);
    assert.ok((await app.revisions()).length > 0);
    await world.kubectl("delete", "secret", "other", "-n", release);

    const secret = `secret/${app.name}-pull`;
    const step = await ask({ operation: "remove", confirm: `${secret}\nnamespace/${release}` });
    assert.equal(step.outputs["status"], "removed", step.log);
    assert.match(step.report.said, new RegExp(`with ${secret}, namespace/${release}`));
    const phase = await world.kubectl(
      "get",
      "namespace",
      release,
      "--ignore-not-found",
      "-o",
      "jsonpath={.status.phase}",
    );
    assert.match(phase, /^(Terminating)?$/);
  });
});
