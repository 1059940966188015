// The operations that change what runs: restart, scale, run, logs, stop, remove; each also for what it must refuse.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { operate, rowsOf, textsOf } from "./operate.ts";
import { onlyError } from "./report.ts";
import { createSmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

const app = createSmallApp(world, "work");
after(() => app[Symbol.asyncDispose]());
const { release } = app;
const image = world.cluster.baseImage.reference;
const resources = { cpu: "20m", memory: "48Mi" };
const token = randomBytes(16).toString("hex");
const single = { port: undefined, image: undefined, command: undefined, resources: undefined, health: undefined };
const idle = [
  "node",
  "-e",
  'console.log("started"); setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0))',
];
const common = { image, resources, preStop: 0 };

/** One workload of each kind: the web server comes after the database, the agent runs on every node. */
const system: Spec = {
  ...single,
  secrets: { tokens: { existingSecret: "tokens" } },
  components: {
    web: {
      ...common,
      name: "web",
      port: 3000,
      after: ["database"],
      command: server({ before: 'console.log("the token is " + process.env.TOKEN)' }),
      env: { TOKEN: { secret: "tokens/token" } },
      health: { path: "/health", startup: { within: "20s" } },
    },
    database: {
      ...common,
      name: "database",
      kind: "StatefulSet",
      command: idle,
      volumes: { data: { mountPath: "/data", size: "1Mi", perReplica: true, storageClass: release } },
    },
    agent: { ...common, name: "agent", kind: "DaemonSet", command: idle },
    report: {
      ...common,
      name: "report",
      kind: "CronJob",
      schedule: "0 0 1 1 *",
      command: ["node", "-e", "console.log('reported')"],
    },
  },
};

const components = system["components"] as Record<string, Spec>;
const scaled = {
  ...system,
  components: { ...components, web: { ...components["web"], replicas: { min: 1, max: 2, cpu: 80 } } },
};

const get = async (...what: string[]) => JSON.parse(await world.kubectl("get", ...what, "-n", release, "-o", "json"));
const replicasOf = async (workload: string) => (await get(workload)).spec?.replicas;
const podsOf = async (component: string): Promise<{ metadata: { name: string; uid: string } }[]> =>
  (await get("pods", "-l", `app.kubernetes.io/component=${component}`)).items;
const secrets = [token];

before(async () => {
  await world.kubectl("create", "namespace", release);
  const tokens = { apiVersion: "v1", kind: "Secret", metadata: { name: "tokens", namespace: release } };
  const claimRef = { namespace: release, name: "data-database-0" };
  const storage = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: release },
    provisioner: "kubernetes.io/no-provisioner",
  };
  const volume = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: release },
    spec: {
      ...{
        capacity: { storage: "1Mi" },
        accessModes: ["ReadWriteOnce"],
        hostPath: { path: "/tmp" },
        claimRef,
        storageClassName: release,
      },
      persistentVolumeReclaimPolicy: "Retain",
    },
  };
  await world.apply({ ...tokens, stringData: { token } }, storage, volume);
  const step = await app.deploy(system, { secrets, with: { image: `web=${image}` } });
  assert.equal(step.outputs["status"], "deployed", step.log);
});
after(() =>
  world.kubectl(
    "delete",
    `persistentvolume/${release}`,
    `storageclass/${release}`,
    "--ignore-not-found",
    "--wait=false",
  ),
);

describe("operations on what runs", () => {
  it("A-26, A-28 status shows every part of the release", async () => {
    const step = await operate(world, app, { operation: "status" }, { secrets });
    assert.equal(step.outputs["status"], "healthy", step.log);
    const names = rowsOf(step.report, "Workloads").map(({ workload }) => workload);
    assert.deepEqual(names.sort(), ["DaemonSet/agent", "Deployment/web", "StatefulSet/database"]);
    assert.equal(rowsOf(step.report, "Pods").length, 3);
    assert.equal(rowsOf(step.report, "Claims")[0]?.["claim"], "data-database-0");
    assert.equal(rowsOf(step.report, "Endpoints")[0]?.["ready"], "1/1");
    assert.deepEqual(
      rowsOf(step.report, "Nodes").map(({ labelled, desired }) => [labelled, desired]),
      [["1", "1"]],
    );
    assert.deepEqual(rowsOf(step.report, "Drift"), []);
  });

  it("logs shows all pods of a component, only what matches, and no secret", async () => {
    const all = await operate(world, app, { operation: "logs" }, { secrets });
    assert.equal(all.report.sections.length, 3, all.log);
    const web = await operate(world, app, { operation: "logs", component: "web", pattern: "token is" }, { secrets });
    assert.equal(textsOf(web.report), "the token is ***");
    const none = await operate(world, app, { operation: "logs", component: "web", pattern: "never" }, { secrets });
    assert.equal(none.outputs["status"], "empty", none.log);
    const absent = await operate(world, app, { operation: "logs", component: "wbe" }, { secrets });
    assert.match(onlyError(absent).message, /has no component wbe\. There are: agent, database, report, web\./);
  });

  it("run gives the output of a command in the pod, without secrets, and fails as the command does", async () => {
    const good = await operate(
      world,
      app,
      { operation: "run", component: "web", command: "echo $TOKEN $HOSTNAME" },
      { secrets },
    );
    const [pod] = await podsOf("web");
    assert.equal(textsOf(good.report).trim(), `*** ${pod?.metadata.name}`, good.log);
    const bad = await operate(
      world,
      app,
      { operation: "run", component: "web", command: '["node","-e","process.exit(7)"]' },
      { secrets },
    );
    assert.match(onlyError(bad).message, /The command in web-\S+ failed: exit code 7\./);
  });

  it("run shows what a command prints while it runs, and no secret that comes in two pieces", async () => {
    // It ends only when somebody who saw its first line makes a file.
    const wait = "until [ -e /tmp/seen ]; do sleep 0.1; done; rm /tmp/seen";
    const half = 'half=$(echo "$TOKEN" | cut -c 1-9); printf "the token is $half"; sleep 0.5; echo "${TOKEN#$half}"';
    const command = `${half}; printf "began %s\\n" "$HOSTNAME"; ${wait}; echo ended`;
    for (const job of ["false", "true"]) {
      const seen: Promise<string>[] = [];
      const onLine = (line: string) => {
        const [, pod] = /^began (\S+)$/.exec(line) ?? [];
        if (pod === undefined) return;
        seen.push(world.kubectl("exec", pod, "-n", release, "-c", "web", "--", "touch", "/tmp/seen"));
      };
      const inputs = { operation: "run", component: "web", command, job, timeout: "40s" };
      const step = await operate(world, app, inputs, { secrets, onLine });
      await Promise.all(seen);
      assert.equal(step.outputs["status"], "succeeded", step.log);
      assert.match(textsOf(step.report), /^the token is \*\*\*\nbegan web-\S+\nended$/m);
      assert.equal(step.log.match(/^ended$/gm)?.length, 1, step.log);
    }
  });

  it("run makes a Job with image and environment where that is asked for, and leaves nothing of it", async () => {
    const command = 'echo "$TOKEN from $HOSTNAME"';
    const own = await operate(world, app, { operation: "run", component: "web", job: "true", command }, { secrets });
    assert.match(textsOf(own.report).trim(), /^\*\*\* from web-run-/, own.log);
    const nightly = await operate(
      world,
      app,
      { operation: "run", component: "report", command: "exit 3" },
      { secrets },
    );
    assert.match(onlyError(nightly).message, /The command in the Job report-run-\S+ failed: .*exit code 3/);
    const set = { operation: "run", component: "database", job: "true", command: 'ls /data || echo "no data"' };
    const apart = await operate(world, app, set, { secrets });
    assert.match(textsOf(apart.report), /no data/, apart.log);
    const notice = apart.annotations.find(({ level }) => level === "notice");
    assert.match(
      notice?.message ?? "",
      /The Job runs without \/data: each pod of database has a volume of its own there\./,
    );
    const absent = await operate(world, app, { operation: "run", component: "wbe", command: "true" }, { secrets });
    assert.match(onlyError(absent).message, /has no component wbe\. There are: /);
    assert.equal(absent.outputs["status"], "refused");
    const { items } = await get("jobs");
    assert.deepEqual(items, []);
  });

  it("A-29, B-27 restart makes new pods of one component, and of no other", async () => {
    const uids = async () =>
      Promise.all(
        ["web", "database", "agent"].map(async (one) => (await podsOf(one)).map(({ metadata }) => metadata.uid)),
      );
    const first = await uids();
    const unclear = await operate(world, app, { operation: "restart" }, { secrets });
    assert.match(onlyError(unclear).message, /several components\. Name one with `component`: agent, database, web\./);
    const set = await operate(world, app, { operation: "restart", component: "database" }, { secrets });
    assert.equal(set.outputs["status"], "restarted", set.log);
    const daemons = await operate(world, app, { operation: "restart", component: "agent" }, { secrets });
    assert.match(daemons.report.said, /one after the other: node$/, daemons.log);
    const [web, database, agent] = await uids();
    assert.deepEqual(web, first[0]);
    assert.notDeepEqual(database, first[1]);
    assert.notDeepEqual(agent, first[2]);
    assert.equal(database?.length, 1);
    const job = await operate(world, app, { operation: "restart", component: "report" }, { secrets });
    assert.match(onlyError(job).message, /`restart` is not for a CronJob/);
    const ready = await operate(
      world,
      app,
      { operation: "restart", component: "web", confirm: `pod/${(await podsOf("web"))[0]?.metadata.name}` },
      { secrets },
    );
    assert.match(onlyError(ready).message, /The pod web-\S+ is ready\./);
  });

  it("scale changes the number of pods until the next deploy, and status tells the drift", async () => {
    const up = await operate(world, app, { operation: "scale", component: "web", replicas: "2" }, { secrets });
    assert.equal(up.outputs["status"], "scaled", up.log);
    assert.equal((await podsOf("web")).length, 2);
    const state = await operate(world, app, { operation: "status" }, { secrets });
    assert.deepEqual(
      rowsOf(state.report, "Drift").map(({ object }) => object),
      ["Deployment web"],
    );
    for (const [inputs, says] of [
      [{ component: "web", replicas: "0" }, /cannot be scaled to 0 pods/],
      [{ component: "web", replicas: "2-4" }, /No autoscaler decides how many pods web has/],
      [{ component: "agent", replicas: "2" }, /`scale` is not for a DaemonSet/],
    ] as const) {
      const step = await operate(world, app, { operation: "scale", ...inputs }, { secrets });
      assert.match(onlyError(step).message, says);
    }
    const again = await app.deploy(system, { secrets, with: { image: `web=${image}` } });
    assert.equal(again.outputs["status"], "deployed", again.log);
    assert.equal(await replicasOf("deployment/web"), 1);
  });

  it("B-26 scale changes the bounds where an autoscaler decides", async () => {
    const step = await app.deploy(scaled, { secrets, with: { image: `web=${image}` } });
    assert.equal(step.outputs["status"], "deployed", step.log);
    const bounds = await operate(world, app, { operation: "scale", component: "web", replicas: "2-3" }, { secrets });
    assert.match(bounds.report.said, /from 1-2 to 2-3 pods, the bounds of the autoscaler/, bounds.log);
    const { items } = await get("horizontalpodautoscalers");
    assert.deepEqual([items[0].spec.minReplicas, items[0].spec.maxReplicas], [2, 3]);
    assert.equal((await podsOf("web")).length, 2);
    const again = await app.deploy(scaled, { secrets, with: { image: `web=${image}` } });
    assert.equal(again.outputs["status"], "deployed", again.log);
    assert.equal((await get("horizontalpodautoscalers")).items[0].spec.maxReplicas, 2);
  });

  it("V-36 stop ends everything in its order, keeps the data, and a deploy brings it back", async () => {
    const step = await operate(world, app, { operation: "stop" }, { secrets });
    assert.equal(step.outputs["status"], "stopped", step.log);
    const stopped = rowsOf(step.report, "Stopped").map(({ component }) => component);
    assert.ok(stopped.indexOf("web") < stopped.indexOf("database"), stopped.join());
    assert.deepEqual((await get("pods")).items, []);
    assert.equal((await get("persistentvolumeclaims")).items.length, 1);
    const state = await operate(world, app, { operation: "status" }, { secrets });
    assert.match(state.report.said, /Deployment web is not there; StatefulSet database is stopped/);
    const refused = await operate(world, app, { operation: "restart", component: "database" }, { secrets });
    assert.match(onlyError(refused).message, /The StatefulSet database is stopped\./);
    const again = await app.deploy(scaled, { secrets, with: { image: `web=${image}` } });
    assert.equal(again.outputs["status"], "deployed", again.log);
    assert.deepEqual([(await podsOf("web")).length, (await podsOf("agent")).length], [1, 1]);
  });

  it("B-29, V-36 remove deletes the release, and beside it only what is named", async () => {
    const wrong = await operate(world, app, { operation: "remove", confirm: "claim/other" }, { secrets });
    assert.match(
      onlyError(wrong).message,
      /`confirm` names claim\/other, which \S+ does not have\. It may name: claim\/data-database-0, /,
    );
    assert.deepEqual((await app.revisions()).length > 0, true);
    await operate(world, app, { operation: "hold", reason: "it moves to another cluster" }, { secrets });
    const step = await operate(world, app, { operation: "remove" }, { secrets });
    assert.equal(step.outputs["status"], "removed", step.log);
    assert.deepEqual(await app.revisions(), []);
    assert.equal((await get("persistentvolumeclaims")).items.length, 1);
    const gone = await operate(world, app, { operation: "stop" }, { secrets });
    assert.match(onlyError(gone).message, /There is no release/);
    const held = await app.deploy(scaled, { secrets, with: { image: `web=${image}` } });
    assert.equal(held.outputs["status"], "held", held.log);
    // A first deploy has no revision at first: it is waited for all the same.
    const renewTime = new Date().toISOString().replace("Z", "000Z");
    const spec = { holderIdentity: "acme/other#11/1/deploy", leaseDurationSeconds: 60, renewTime };
    await world.kubectl(
      "patch",
      `lease/deploy-${release}`,
      "-n",
      release,
      "--type=merge",
      "-p",
      JSON.stringify({ spec }),
    );
    const early = await operate(world, app, { operation: "stop", "lock-timeout": "1s" }, { secrets });
    assert.match(onlyError(early).message, /is being deployed by acme\/other#11\/1\/deploy/);
  });
});
