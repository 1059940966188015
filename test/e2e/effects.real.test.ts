// What validate says that the API server refuses to change is what a real one refuses.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { bundledChart } from "../../actions/core/helm.ts";
import { effectsOf } from "../../actions/validate/changes/effects.ts";
import type { Tree } from "../../actions/validate/changes/tree.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
const namespace = `effects-${randomBytes(3).toString("hex")}`;
const folder = join(world.clusterFile, "..");
const names: string[] = [];

const labels = { app: "a" };
const container = (image: string) => ({ name: "a", image, resources: {} });
const template = (image = "a:1") => ({ metadata: { labels }, spec: { containers: [container(image)] } });
const workload = { selector: { matchLabels: labels }, template: template() };
const claim = (storage = "1Gi") => ({
  metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
});
const stateful = { ...workload, replicas: 0, serviceName: "a", volumeClaimTemplates: [claim()] };
const claimed = { ...claim().spec, storageClassName: "none" };
const job = { template: { spec: { ...template().spec, restartPolicy: "Never" } }, suspend: true };
const volume = {
  ...{ capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], storageClassName: "none" },
  hostPath: { path: "/a" },
};

/** One change of an object: what it is, and which fields the server refuses to change. */
const cases: readonly (readonly [string, Tree, Tree, refused: readonly string[]])[] = [
  ["apps/v1 Deployment", { ...workload, replicas: 0 }, { ...workload, replicas: 0, template: template("a:2") }, []],
  [
    "apps/v1 Deployment",
    { ...workload, replicas: 0 },
    {
      selector: { matchLabels: { b: "b" } },
      replicas: 0,
      template: { ...template(), metadata: { labels: { b: "b" } } },
    },
    ["spec.selector"],
  ],
  ["apps/v1 StatefulSet", stateful, { ...stateful, serviceName: "b" }, ["spec.serviceName"]],
  ["apps/v1 StatefulSet", stateful, { ...stateful, podManagementPolicy: "Parallel" }, ["spec.podManagementPolicy"]],
  [
    "apps/v1 StatefulSet",
    stateful,
    { ...stateful, volumeClaimTemplates: [claim("2Gi")] },
    ["spec.volumeClaimTemplates"],
  ],
  [
    "apps/v1 StatefulSet",
    stateful,
    {
      ...{
        ...stateful,
        template: template("a:2"),
        minReadySeconds: 1,
        revisionHistoryLimit: 1,
        ordinals: { start: 1 },
      },
      updateStrategy: { rollingUpdate: { partition: 1 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" },
    },
    [],
  ],
  ["apps/v1 DaemonSet", { ...workload }, { ...workload, template: template("a:2"), minReadySeconds: 1 }, []],
  [
    "batch/v1 Job",
    job,
    { ...job, template: { spec: { ...job.template.spec, containers: [container("a:2")] } } },
    ["spec.template"],
  ],
  [
    "batch/v1 Job",
    job,
    { ...job, completionMode: "Indexed", completions: 1 },
    ["spec.completions", "spec.completionMode"],
  ],
  ["batch/v1 Job", job, { ...job, backoffLimit: 1, parallelism: 2, ttlSecondsAfterFinished: 1 }, []],
  [
    "v1 Service",
    { ports: [{ port: 80 }], clusterIP: "None" },
    { ports: [{ port: 80 }], clusterIP: "10.96.0.99" },
    ["spec.clusterIP"],
  ],
  ["v1 Service", { ports: [{ port: 80 }] }, { ports: [{ port: 81 }], selector: labels }, []],
  ["v1 PersistentVolumeClaim", claimed, { ...claimed, storageClassName: "other" }, ["spec.storageClassName"]],
  ["v1 PersistentVolumeClaim", claimed, { ...claimed, accessModes: ["ReadWriteMany"] }, ["spec.accessModes"]],
  ["v1 PersistentVolume", volume, { ...volume, hostPath: { path: "/b" } }, ["spec.hostPath"]],
  [
    "v1 PersistentVolume",
    volume,
    { ...volume, persistentVolumeReclaimPolicy: "Delete", capacity: { storage: "2Gi" } },
    [],
  ],
];

function object(apiVersion: string, kind: string, name: string, body: Tree): Tree {
  const inNamespace = kind === "PersistentVolume" ? {} : { namespace };
  return { apiVersion, kind, metadata: { name, ...inNamespace }, ...body };
}

/** Applies an object as Helm 4 does, and gives what the server has against it; empty when it takes it. */
async function apply(one: Tree, ...more: string[]): Promise<string> {
  const file = join(folder, "object.json");
  writeFileSync(file, JSON.stringify(one));
  const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=helm", "-f", file, ...more];
  return await world.kubectl(...args).then(
    () => "",
    (thrown: Error & { details?: string }) => thrown.details ?? thrown.message,
  );
}

const refusedOf = (from: Tree, to: Tree) =>
  effectsOf(from, to)
    .filter(({ kind }) => kind === "refused")
    .map(({ text }) => text.replace(" cannot be changed in place", ""));

describe("the API server", () => {
  before(() => world.kubectl("create", "namespace", namespace));
  after(async () => {
    await world.kubectl("delete", "namespace", namespace, "--wait=false");
    if (names.length > 0)
      await world.kubectl("delete", "persistentvolume", ...names, "--ignore-not-found", "--wait=false");
    world[Symbol.dispose]();
  });

  for (const [index, [type, old, changed, refused]] of cases.entries()) {
    const [apiVersion = "", kind = ""] = type.split(" ");
    const keys = Object.keys({ ...old, ...changed }).filter(
      (key) => JSON.stringify(old[key]) !== JSON.stringify(changed[key]),
    );
    it(`${refused.length > 0 ? "refuses" : "takes"} another ${keys.join(", ")} of a ${kind}`, async () => {
      const name = `${namespace}-${index}`;
      if (kind === "PersistentVolume") names.push(name);
      const from = object(apiVersion, kind, name, { spec: old });
      const to = object(apiVersion, kind, name, { spec: changed });
      assert.equal(await apply(from), "");
      const answer = await apply(to, "--dry-run=server");
      assert.deepEqual(refusedOf(from, to), refused);
      assert.equal(answer !== "", refused.length > 0, answer);
    });
  }

  it("takes a change of the strategy of what the chart renders", async () => {
    const file = join(folder, "manifest.json");
    for (const kind of ["Deployment", "StatefulSet", "DaemonSet"]) {
      const other = kind === "Deployment" ? "Recreate" : "OnDelete";
      for (const updateStrategy of [null, { type: other }, null]) {
        const spec = { kind, image: "a:1", updateStrategy, nodeSelector: { no: "node" } };
        const metadata = { name: kind.toLowerCase(), namespace };
        writeFileSync(file, JSON.stringify({ metadata, spec, environments: { prod: null } }));
        const rendered = await world.helm(
          "template",
          "effects",
          bundledChart(),
          "-f",
          file,
          "--set",
          "environment=prod",
        );
        const objects = parseAllDocuments(rendered).map((document) => document.toJS());
        assert.equal(await apply(objects.find((one) => one.kind === kind)), "");
      }
    }
  });

  it("refuses another role of a RoleBinding, and other data of an immutable ConfigMap", async () => {
    const role = (name: string) => ({
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [],
    });
    const data = (a: string) => ({ immutable: true, data: { a } });
    for (const [apiVersion, kind, from, to] of [
      ["rbac.authorization.k8s.io/v1", "RoleBinding", role("a"), role("b")],
      ["v1", "ConfigMap", data("1"), data("2")],
    ] as const) {
      const [old, changed] = [from, to].map((body) => object(apiVersion, kind, "a", body)) as [Tree, Tree];
      assert.equal(await apply(old), "");
      assert.notEqual(await apply(changed, "--dry-run=server"), "");
      assert.equal(refusedOf(old, changed).length, 1);
    }
  });
});
