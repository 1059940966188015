import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { effectsOf } from "./effects.ts";
import type { Tree } from "./tree.ts";

const named = (kind: string, spec: Tree, metadata: Tree = {}): Tree => ({
  kind,
  metadata: { name: "a", ...metadata },
  spec,
});
const pods = (image: string, more: Tree = {}) => ({ template: { spec: { containers: [{ image }], ...more } } });
const texts = (before: Tree | undefined, after: Tree | undefined) =>
  effectsOf(before, after).map(({ kind, text }) => `${kind}: ${text}`);

describe("pods", () => {
  test("restart with their template, and with nothing else", () => {
    for (const kind of ["Deployment", "StatefulSet", "DaemonSet"]) {
      assert.deepEqual(texts(named(kind, pods("a")), named(kind, pods("b"))), ["restarts: restarts"]);
      assert.deepEqual(texts(named(kind, pods("a")), named(kind, { ...pods("a"), replicas: 3 })), []);
    }
  });

  test("restart as their strategy says", () => {
    const spec = { ...pods("b"), strategy: { type: "Recreate" } };
    assert.deepEqual(texts(named("Deployment", pods("a")), named("Deployment", spec)), [
      "restarts: restarts, all pods at once",
    ]);
    const late = { ...pods("b"), updateStrategy: { type: "OnDelete" } };
    assert.match(texts(named("DaemonSet", pods("a")), named("DaemonSet", late)).join(), /when somebody deletes it/);
  });

  test("of a Job run when it is new, changes as a hook, or has got a name by its content", () => {
    const hook = { annotations: { "helm.sh/hook": "pre-upgrade" } };
    assert.deepEqual(texts(undefined, named("Job", pods("a"))), ["runs: runs"]);
    assert.deepEqual(texts(named("Job", pods("a"), hook), named("Job", pods("b"), hook)), ["runs: runs again"]);
    assert.deepEqual(texts(named("Job", pods("a")), named("Job", pods("b"), { name: "b" })), ["runs: runs again"]);
    assert.deepEqual(texts(named("CronJob", pods("a")), named("CronJob", pods("b"))), []);
  });
});

describe("what cannot be changed", () => {
  const refused = (before: Tree, after: Tree) =>
    effectsOf(before, after)
      .filter(({ kind }) => kind === "refused")
      .map(({ text }) => text);

  test("is named by its field", () => {
    for (const [kind, before, after, field] of [
      ["Deployment", { selector: { a: "1" } }, { selector: { a: "2" } }, "spec.selector"],
      ["StatefulSet", { volumeClaimTemplates: [1] }, { volumeClaimTemplates: [2] }, "spec.volumeClaimTemplates"],
      ["StatefulSet", {}, { serviceName: "b" }, "spec.serviceName"],
      ["Service", { clusterIP: "None" }, {}, "spec.clusterIP"],
      ["Job", pods("a"), pods("b"), "spec.template"],
      ["PersistentVolumeClaim", { storageClassName: "a" }, { storageClassName: "b" }, "spec.storageClassName"],
      ["PersistentVolume", { hostPath: { path: "/a" } }, { hostPath: { path: "/b" } }, "spec.hostPath"],
    ] as const) {
      assert.deepEqual(refused(named(kind, before), named(kind, after)), [`${field} cannot be changed in place`]);
    }
    const bound = (name: string) => ({ kind: "RoleBinding", roleRef: { name } });
    assert.deepEqual(refused(bound("a"), bound("b")), ["roleRef cannot be changed in place"]);
    const map = (a: string) => ({ kind: "ConfigMap", immutable: true, data: { a } });
    assert.deepEqual(refused(map("1"), map("2")), ["data cannot be changed in place"]);
  });

  test("is not what the API server takes", () => {
    const set = { ...pods("a"), replicas: 1, updateStrategy: {}, minReadySeconds: 1 };
    assert.deepEqual(refused(named("StatefulSet", set), named("StatefulSet", { ...pods("b"), replicas: 2 })), []);
    assert.deepEqual(refused(named("Service", { ports: [1] }), named("Service", { ports: [2] })), []);
    assert.deepEqual(refused({ kind: "ConfigMap", data: { a: "1" } }, { kind: "ConfigMap", data: { a: "2" } }), []);
  });

  test("is a claim that shrinks, not one that grows", () => {
    const claim = (storage: string) => named("PersistentVolumeClaim", { resources: { requests: { storage } } });
    assert.deepEqual(refused(claim("1Gi"), claim("900Mi")), ["a claim cannot shrink"]);
    assert.deepEqual(refused(claim("1G"), claim("1Gi")), []);
    assert.deepEqual(refused(claim("1.5Ti"), claim("2Ti")), []);
  });
});

test("requests fail where a Service asks old pods for a port that only the new ones have", () => {
  const service = (...ports: readonly Tree[]) => named("Service", { ports });
  const web = (targetPort: unknown) => ({ name: "http", port: 80, targetPort });
  const text = "requests fail until the rollout is over, unless the old pods listen on 4000 as well as on 3000";
  assert.deepEqual(texts(service(web(3000)), service(web(4000))), [`interrupts: ${text}`]);
  assert.deepEqual(texts(service(web(3000)), service({ ...web(3000), port: 8080 })), []);
  assert.deepEqual(texts(service(web(3000)), service(web(3000), { name: "metrics", targetPort: 9090 })), []);
  // A name is looked up in each pod.
  assert.deepEqual(texts(service(web("old")), service(web("new"))), []);
});

describe("data", () => {
  const kept = { annotations: { "helm.sh/resource-policy": "keep" } };
  const claims = (whenDeleted: string) => ({
    volumeClaimTemplates: [{ metadata: { name: "data" } }],
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: whenDeleted },
  });

  test("are lost with a claim that Helm deletes, and left by one that it keeps", () => {
    assert.deepEqual(texts(named("PersistentVolumeClaim", {}), undefined), ["loses-data: its data are deleted"]);
    assert.deepEqual(texts(named("PersistentVolumeClaim", {}, kept), undefined), [
      "leaves-data: stays in the cluster, unused",
    ]);
    assert.deepEqual(texts(named("Namespace", {}), undefined), ["loses-data: everything in it is deleted"]);
    assert.deepEqual(texts(named("ConfigMap", {}), undefined), []);
  });

  test("of a StatefulSet follow its policy", () => {
    assert.deepEqual(texts(named("StatefulSet", claims("Retain")), undefined), [
      "leaves-data: its claims stay, unused",
    ]);
    assert.deepEqual(texts(named("StatefulSet", claims("Delete")), undefined), [
      "loses-data: its claims are deleted with it",
    ]);
    const scaled = (replicas: number) => named("StatefulSet", { ...claims("Delete"), replicas });
    assert.match(texts(scaled(3), scaled(2)).join(), /^loses-data: the claims of the pods that go/);
    assert.deepEqual(texts(scaled(2), scaled(3)), []);
  });

  test("are left behind by a volume that pods mount no more", () => {
    const volume = (more: Tree) => named("Deployment", pods("a", { volumes: [{ name: "data", ...more }] }));
    const claim = volume({ persistentVolumeClaim: { claimName: "data" } });
    assert.deepEqual(texts(claim, volume({ emptyDir: {} })), [
      "restarts: restarts",
      "leaves-data: no longer mounts claim data",
    ]);
    assert.match(texts(volume({ hostPath: { path: "/a" } }), claim).join(), /no longer mounts \/a of the node/);
    const set = named("StatefulSet", claims("Retain"));
    assert.match(texts(set, named("StatefulSet", {})).join(), /leaves-data: no longer mounts the claims data-…/);
  });
});
