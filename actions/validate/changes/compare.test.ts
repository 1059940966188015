import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareObjects, countOf, warningsOf } from "./compare.ts";
import { changedKeys } from "./keys.ts";
import { unifiedDiff } from "./patch.ts";
import type { Tree } from "./tree.ts";

const object = (kind: string, name: string, more: Tree = {}, namespace = "prod-shop"): Tree => ({
  ...{ apiVersion: "v1", kind, metadata: { name, ...(namespace === "" ? {} : { namespace }) } },
  ...more,
});

describe("objects", () => {
  test("are told apart by kind, namespace and name; equal ones are left out", () => {
    const before = [object("ConfigMap", "a"), object("Secret", "a"), object("ConfigMap", "b", { data: { x: "1" } })];
    const after = [
      object("ConfigMap", "b", { data: { x: "2" } }),
      object("Secret", "a"),
      object("ConfigMap", "a", {}, "other"),
    ];
    const { objects } = compareObjects(before, after);
    assert.deepEqual(
      objects.map(({ kind, namespace, name, change }) => `${kind} ${namespace}/${name} ${change}`),
      ["ConfigMap prod-shop/a removed", "ConfigMap prod-shop/b changed", "ConfigMap other/a added"],
    );
    assert.equal(countOf(objects), "1 changed, 1 added, 1 removed");
  });

  test("stay the same under another version of their group", () => {
    const at = (apiVersion: string) => ({ ...object("CronJob", "a"), apiVersion });
    const { objects } = compareObjects([at("batch/v1beta1")], [at("batch/v1")]);
    assert.deepEqual(
      objects.map(({ change, keys }) => ({ change, keys })),
      [{ change: "changed", keys: [{ path: "apiVersion", values: "batch/v1beta1 → batch/v1" }] }],
    );
  });

  test("show what differs without what is secret", () => {
    const secret = (a: string) => object("Secret", "s", { stringData: { a } });
    const { objects } = compareObjects([secret("old-secret")], [secret("new-secret")]);
    assert.deepEqual(objects[0]?.keys, [{ path: "stringData.a", values: "<hidden 1> → <hidden 2>" }]);
    assert.match(objects[0]?.diff ?? "", /^-\s+a: <hidden 1>\n\+\s+a: <hidden 2>$/m);
    assert.doesNotMatch(JSON.stringify(objects), /old-secret|new-secret/);
  });

  test("that take the place of another are called so, where there is one of the kind", () => {
    const { objects } = compareObjects([object("Service", "a")], [object("Service", "b"), object("Secret", "b")]);
    const effects = objects.map(
      ({ name, kind, effects }) => `${kind}/${name} ${effects.map(({ text }) => text).join()}`,
    );
    assert.deepEqual(effects, ["Service/a b takes its place", "Service/b takes the place of a", "Secret/b "]);
    const several = compareObjects([object("Service", "a"), object("Service", "c")], [object("Service", "b")]);
    assert.deepEqual(
      several.objects.flatMap(({ effects }) => effects),
      [],
    );
  });

  test("that an autoscaler scales from now on are said to keep their number of pods", () => {
    const set = { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } };
    const templates = { volumeClaimTemplates: [{ metadata: { name: "data" } }], ...set };
    const before = object("StatefulSet", "a", { spec: { replicas: 3, ...templates } });
    const after = object("StatefulSet", "a", { spec: templates });
    const scaler = (name: string) =>
      object("HorizontalPodAutoscaler", name, { spec: { scaleTargetRef: { kind: "StatefulSet", name } } });
    const effects = (name: string) => {
      const { objects } = compareObjects([before], [after, scaler(name)]);
      return objects.flatMap((one) => one.effects.map(({ text }) => text));
    };
    assert.deepEqual(effects("a"), ["keeps its number of pods for its autoscaler"]);
    // Nobody decides it: Kubernetes takes one pod.
    assert.deepEqual(effects("b"), ["the claims of the pods that go are deleted"]);
  });

  test("of a Job go by its name without the hash of its content", () => {
    const job = (hash: string) => object("Job", `seed-${hash}`, { spec: { template: { hash } } });
    const { objects } = compareObjects([job("0123456789")], [job("abcdef0123")]);
    assert.deepEqual(
      objects.map(({ name, change, effects }) => ({ name, change, effects })),
      [{ name: "seed-abcdef0123", change: "changed", effects: [{ kind: "runs", text: "runs again" }] }],
    );
  });
});

describe("an application", () => {
  test("that moves to another namespace leaves what it had", () => {
    const changes = compareObjects([object("Secret", "a", {}, "old")], [object("Secret", "a", {}, "new")]);
    assert.deepEqual(
      changes.objects.map(({ change, namespace }) => `${change} in ${namespace}`),
      ["added in new"],
    );
    assert.deepEqual(warningsOf(changes), ["what is deployed in namespace old stays there until it is removed"]);
  });

  test("that gives up a host is warned of its record, whatever routes it", () => {
    const ingress = object("Ingress", "a", { spec: { rules: [{ host: "a.example.com" }, {}] } });
    const traefik = object("IngressRoute", "a", {
      spec: { routes: [{ match: '(Host(`b.example.com`) || Host("c.example.com", `d.example.com`)) && Path(`/x`)' }] },
    });
    const gateway = object("HTTPRoute", "a", { spec: { hostnames: ["e.example.com"] } });
    const before = [ingress, traefik, gateway];
    const hosts = ["a", "b", "c", "d", "e"].map((letter) => `${letter}.example.com`);
    assert.deepEqual(compareObjects(before, []).hosts, hosts);
    // Another controller may route the same host.
    const moved = object("HTTPRoute", "b", { spec: { hostnames: hosts.slice(1) } });
    const changes = compareObjects(before, [moved]);
    assert.deepEqual(changes.hosts, ["a.example.com"]);
    assert.match(warningsOf(changes).join(), /a\.example\.com is routed no more; its DNS record stays/);
  });

  test("is warned of what loses data and of what is refused, not of a restart", () => {
    const claim = object("PersistentVolumeClaim", "data");
    const set = (serviceName: string, image: string) =>
      object("StatefulSet", "a", { spec: { serviceName, template: image } });
    assert.deepEqual(warningsOf(compareObjects([claim, set("a", "1")], [set("b", "2")])), [
      "PersistentVolumeClaim/data: its data are deleted",
      "StatefulSet/a: spec.serviceName cannot be changed in place; a deploy is refused until the object is deleted, or has another name",
    ]);
  });
});

describe("keys", () => {
  test("name the items of lists, and show short values", () => {
    const before = {
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
      hosts: ["a"],
      size: 1,
      text: "a\nb",
    };
    const after = { env: [{ name: "B", value: "3" }], hosts: ["a", "b"], size: 2, text: "c" };
    assert.deepEqual(
      changedKeys(before, after).map(({ path, values }) => `${path} ${values}`.trim()),
      ["env.A removed", "env.B.value 2 → 3", "hosts a → a, b", "size 1 → 2", "text"],
    );
  });

  test("are given by their place in lists without names only as the whole list", () => {
    const list = (port: number) => ({ ports: [{ port }] });
    assert.deepEqual(changedKeys(list(1), list(2)), [{ path: "ports", values: "" }]);
  });
});

describe("a diff", () => {
  test("has the lines around a change, and names what is not there", () => {
    const text = unifiedDiff("ConfigMap/a", { a: 1, b: 2 }, { a: 1, b: 3 });
    assert.equal(text, "--- ConfigMap/a\n+++ ConfigMap/a\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3\n");
    assert.match(unifiedDiff("a", undefined, { a: 1 }), /^--- \/dev\/null\n\+\+\+ a\n@@ -0,0 \+1,1 @@\n\+a: 1\n$/);
  });

  test("of very different texts says only that they differ", () => {
    const lines = (word: string) => Array.from({ length: 3_000 }, (_, index) => `${word}${index}`).join("\n");
    assert.match(unifiedDiff("a", { a: lines("x") }, { a: lines("y") }), /@@ more than 2000 lines differ @@/);
  });
});
